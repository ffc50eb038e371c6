"""HTTP routes of the service: one file for each resource; problems.py maps errors to RFC 9457 documents."""
