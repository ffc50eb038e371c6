"""Layers around every request: an id, headers, a line in the log, and a limit for unread answers."""
