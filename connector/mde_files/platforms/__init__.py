"""One room per SOAR or SIEM platform: the same actions, settings and records in that platform's own package."""
