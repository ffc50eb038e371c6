"""Metrics, logs, traces and the reference distribution."""
