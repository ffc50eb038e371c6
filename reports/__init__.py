"""Reports and stored answers as values, the comparison of releases, and pages and cards for people.

Start reading in values.py (a report) and answers.py (the answers of a release to single pictures). judge.py
says whether a release may follow the current one; model_card.py and page/ write for people. Writes nothing.
"""
