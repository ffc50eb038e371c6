"""Decode, convert and classify under the concurrency limit; response fields. Start at classify_items.py."""
