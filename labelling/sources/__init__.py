"""Find the pictures to label in a folder, a list, a ZIP or a bucket. Start with source_opening.py."""
