"""Decide from answers to pictures that their network did not learn: temperature, familiarity, thresholds."""
