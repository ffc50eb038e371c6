"""Where the garment is on a photo: its border, its foreground by several methods, and a person that wears it.

Start reading in foreground.py; convert.py uses what it finds.
"""
