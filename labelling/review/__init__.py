"""What people say of a finished table: pages to review it, corrections, audits, answers.

Start reading in page.py; corrections.py has the form that all share.
"""
