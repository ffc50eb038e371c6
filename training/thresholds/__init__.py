"""Choose from which confidence and familiarity a service accepts answers without a person's review."""
