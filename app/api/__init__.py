"""The service's own HTTP routes: one file per resource; problems.py maps errors to RFC 9457 documents."""
