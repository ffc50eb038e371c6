"""Code around every request: its context, access log line and security headers."""
