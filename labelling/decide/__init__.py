"""Decide each row of a table by the model, the list and people. Start reading in row_decision.py."""
