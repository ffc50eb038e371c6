"""Training on one's own classes from a backbone that has learnt to see clothes in colour."""
