"""Decide what the rows of a table say. Start reading in row_decision.py."""
