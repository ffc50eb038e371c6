"""Label a whole catalogue: many pictures in, one table out, on every core, and again after a kill.

Start reading in run.py, which puts the parts together. items.py describes a source of pictures, journal.py
the file that survives a kill, and errors.py the errors.
"""
