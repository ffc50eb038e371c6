"""The work of people on a finished table: pages to review it, corrections, audits and answers.

Start reading in cards.py and page.py. corrections.py has the form that all of them share.
"""
