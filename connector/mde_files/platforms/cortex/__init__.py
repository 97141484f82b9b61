"""Analyzers for TheHive Cortex, one flavour for each action, and what TheHive needs to show their reports.

Cortex starts a process or a container for each job and speaks with it through JSON files. ``cortexutils`` reads and
writes them too, but its licence (AGPL) would become this package's: nothing of it is imported here.
"""
