"""Train whole networks by gradient descent: the networks, their settings (recipes), fit and search."""
