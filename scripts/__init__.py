"""The commands of `wardrobe`, one file for each.

The first word after `wardrobe`, such as `train`, is called a verb. The file with its name parses the
arguments, calls the packages that do the work, and prints the result. All commands report errors in one line,
and have the same exit codes.
"""
