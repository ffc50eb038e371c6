"""What was measured: reports and answers as values, how releases compare, and how people read them.

Start reading in values.py (a report) and answers.py (what a release answered to single pictures). judge.py
says whether a release may follow the current one, model_card.py and page/ write for people. Writes nothing.
"""
