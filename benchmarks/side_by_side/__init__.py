"""This service beside what a user would pick instead: the same model, uploads, cores and minutes.

`make benchmark` runs __main__.py. peers.py lists who takes part, installs and starts them; forms.py builds
their requests, conformance.py checks their answers, summary.py computes medians and ratios, page.py fills
docs/explanation/benchmarks.md. floor.py is our own server with less behind it. The peers' own code is in
benchmarks/peers/.
"""
