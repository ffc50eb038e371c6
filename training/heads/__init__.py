"""Heads (last layers) on feature vectors: classes, OOD scores, and cross-validated answers."""
