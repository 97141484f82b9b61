"""Validators generated ahead of time from the schemas: plain Python, nothing to import, only "valid" or "not valid".

``python -m mde_files.validators.generate`` writes them anew after a schema has changed; a test fails until it was done.
What is wrong with a document that is not valid is told by ``jsonschema``, which is the reference.
"""
