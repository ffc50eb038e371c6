"""Where pictures come from: folders, lists, archives, buckets. Start with opening.py."""
