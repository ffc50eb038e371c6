"""Releases: make, check, store, publish, download and roll them back.

A release is a folder with the networks, their report and a manifest.json that lists all files. A store is a
folder or S3 bucket with releases. Read manifest.py first, then publish.py (into a store) and cache.py (out of
it).
"""
