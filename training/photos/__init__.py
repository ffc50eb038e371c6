"""Real photos: reading them, making variants to learn from, compositions."""
