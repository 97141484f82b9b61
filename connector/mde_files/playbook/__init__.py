"""Playbooks: from the files of an incident to an enriched incident."""
