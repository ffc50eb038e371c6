"""What made the networks that come with this package; not installed. README.md says what, how and how long."""
