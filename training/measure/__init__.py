"""Measure a release: accuracy, calibration, thresholds, out-of-distribution score, figures."""
