"""What made the networks that come with this package; not installed. README.md has commands and times."""
