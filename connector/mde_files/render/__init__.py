"""Shows records to people."""
