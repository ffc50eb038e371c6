"""Where pictures come from: folders, lists, archives, buckets. Start with source_opening.py."""
