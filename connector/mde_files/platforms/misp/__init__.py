"""MISP: an expansion and hover module for the misp-modules server, in MISP standard format."""
