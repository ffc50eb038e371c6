"""This service beside what a user would pick instead: the same model, uploads, cores and minutes.

__main__.py runs it. peers.py lists who takes part, installs and starts them; forms.py builds their requests,
conformance.py checks their answers, summary.py computes medians and ratios. floor.py is our own server with
nothing behind it. The peer's own code is in benchmarks/peers/.
"""
