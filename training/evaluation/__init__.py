"""Measure a release as it is served: accuracy, calibration, decisions, attributes, products, figures."""
