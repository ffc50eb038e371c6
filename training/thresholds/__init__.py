"""Choose temperature, familiarity and thresholds, from answers to pictures that the network did not learn."""
