"""Measure a release by the answers that a service would give, and draw the figures of its report."""
