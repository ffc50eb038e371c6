"""Label a whole catalogue: many pictures in, one table out, on every core, and again after a kill.

Start reading in run.py, which puts the parts together; items.py has what a source of pictures must do,
journal.py what survives a kill, errors.py what may go wrong.
"""
