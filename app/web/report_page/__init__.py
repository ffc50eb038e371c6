"""The report as a page: what a release's report.json says, for people.

page.py makes a view of a report, foreign.py one of whatever lies beside a bare model; both are pure. The
templates lay them out, app/api/report.py answers with them.
"""
