"""Metrics, logs, and the reference distribution of answers."""
