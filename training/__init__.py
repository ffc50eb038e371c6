"""Data sets -> network -> calibrated, measured, sealed release.

The only package that imports TensorFlow, sklearn and matplotlib freely; the service never imports it.
Start reading in recipes.py (what is run) and release.py (what comes out); scripts/train.py is the order
of events. errors.py has what may go wrong.
"""
