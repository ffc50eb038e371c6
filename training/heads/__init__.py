"""Fit heads (last layers of networks) on feature vectors: for classes, attributes and unfamiliar pictures."""
