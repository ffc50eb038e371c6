"""One thin command per verb: `python -m scripts.VERB --help`.

Each parses its arguments, calls the packages that do the work, and prints. terminal.py has what all share.
"""
