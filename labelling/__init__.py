"""Label a whole catalogue: many pictures in, one table out, on every core, and again after a kill.

Start reading in run.py, which puts the parts together. The folders, in the order in which they may use each
other: lists/ reads what a shop's list says, sources/ finds pictures, workers/ asks the model, journal/ keeps
answers in a file that survives a kill, decide/ decides rows, write/ writes tables and feeds, and review/
makes sheets for people. errors.py draws the errors.
"""
