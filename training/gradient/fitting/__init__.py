"""Fit a network: augmentation, schedule, checkpoints."""
