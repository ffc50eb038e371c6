"""Pictures as feature vectors: the outputs of frozen networks, and vectors that come with this package."""
