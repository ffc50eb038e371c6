"""Feature vectors of pictures: outputs of frozen networks, and vectors that come with this package."""
