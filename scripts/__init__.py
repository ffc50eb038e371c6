"""One thin command per verb; `wardrobe` lists them.

Each parses its arguments, calls the packages that do the work, and prints. terminal.py has what all share.
"""
