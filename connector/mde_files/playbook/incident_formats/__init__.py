"""One reader for each format of incidents.

``recognizes(document)`` tells whether a JSON object is of the format; ``read(document, evidence)`` returns the incident
and raises ``InvalidInputError`` where it cannot be one.
"""
