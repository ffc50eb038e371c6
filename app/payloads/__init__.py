"""Request body to uploads: raw, multipart, JSON, ZIP. Start at reading.py."""
