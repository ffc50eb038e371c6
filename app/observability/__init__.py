"""Metrics for Prometheus, log lines, and the answers that are to be expected, to compare today's with."""
