"""Runs the command line as ``python -m mde_files``."""

from mde_files.cli import entry_point

entry_point()
