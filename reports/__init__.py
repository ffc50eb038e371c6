"""Reports and stored answers of releases: read them, compare two releases, and describe one for people.

A report says how good a release is. Stored answers are its answers to single pictures. By these, two releases
are compared before one replaces the other. Start reading in values.py, which has the report, and answers.py.
"""
