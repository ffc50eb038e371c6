"""Networks that can be trained, by name: published ones, our own, and EfficientNet-Lite2."""
