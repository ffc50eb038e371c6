"""This service beside what a user would pick instead: the same model, uploads, cores and minutes.

`make benchmark` runs __main__.py. peers.py lists who takes part and how each is sent an upload, forms.py and
uploads.py build the requests, servers.py and processes.py start and end a server, conformance.py checks its
answers, wrk.py loads it, summary.py computes medians and ratios, page.py fills
docs/explanation/benchmarks.md. floor.py is our own server with less behind it. The peers' own
code is in benchmarks/peers/.
"""
