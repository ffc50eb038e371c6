"""Real photos: reading them, and the network that answers them."""
