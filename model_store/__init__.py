"""Releases: write, verify, publish, pull, promote, roll back, in a folder or under an S3 prefix.

Start reading in store.py (what a store must do) and manifest.py (what a release is); errors.py has what
may go wrong. bundled/ is the release that is served by default.
"""
