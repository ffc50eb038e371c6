"""One thin command per verb; `wardrobe` lists them.

A verb is the first word after `wardrobe`, such as `train`. Its file parses the arguments, calls the packages
that do the work, and prints. Options, errors in one line and exit codes are alike in all: terminal.py has
them.
"""
