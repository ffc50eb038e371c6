"""A picture as a vector: outputs of frozen networks, in blocks; vectors that come with this package."""
