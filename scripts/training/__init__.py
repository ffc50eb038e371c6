"""What the commands that train share: options, photos, the fit with its progress, and what is said of it.

Start reading in fitting.py; the order of events is in scripts/train.py. The image has none of this.
"""
