"""Fit a network by gradient descent: random changes to pictures, optimizers, checkpoints."""
