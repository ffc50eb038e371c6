"""The steps that made the networks of the bundled release. They are not installed with the package.

README.md has the commands and how long each takes.
"""
