"""Classify pictures under a concurrency limit, and make the answer. Start with classify_items.py."""
