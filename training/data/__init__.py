"""Labelled pictures: list the files, apply corrections, find near copies, and divide them for a training.

Start reading in read.py.
"""
