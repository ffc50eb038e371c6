"""This service beside what a user would pick instead: the same model, uploads, cores and minutes.

`make benchmark` runs __main__.py: peers.py is who takes part and how each is asked, forms.py and uploads.py
what is sent, releases.py which network is served, servers.py and processes.py start and end a server,
conformance.py asks whether it answers as we do, wrk.py loads it, balance.py counts what each worker holds,
record.py keeps what was measured so that a stopped run goes on, summary.py, telling.py and plots.py tell,
goals.py, tables.py and document.py write docs/benchmarks.md, floor.py is what our gunicorn does with less.
The peers' own code is in benchmarks/peers/.
"""
