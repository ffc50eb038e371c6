"""Fit heads (last layers) on feature vectors: for classes, attributes and unfamiliar pictures."""
