"""Metrics, logs and the reference distribution."""
