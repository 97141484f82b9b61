"""Thousands of hashes in, one line of output for each: bounded, resumable, within the quota."""
