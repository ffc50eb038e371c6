"""Find the pictures in the body of a request: raw, multipart, JSON or ZIP. Start with reading.py."""
