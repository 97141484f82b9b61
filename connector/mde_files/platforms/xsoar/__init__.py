"""Cortex XSOAR and XSIAM: a content pack whose integration carries this project's source in one script."""
