"""Heads on vectors: classes, OOD scores, and answers to pictures that a head did not learn."""
