"""Sources of pictures: folders, lists, archives, buckets. Start with source_opening.py."""
