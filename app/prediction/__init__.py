"""Classify the pictures of a request when its turn comes, and make the answer. Start in classify_items.py."""
