"""Everything between a request and a decoded answer: connections, time budgets, size bounds, retries."""
