"""The HTTP server: actions and playbooks for whatever can send a request."""
