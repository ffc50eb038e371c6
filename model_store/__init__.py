"""Releases: how they are made, checked, stored, published, fetched and rolled back."""
