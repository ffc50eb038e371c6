"""Measurements too long for the tests, such as overload: `make measure ARGS=overload`.

They print their figures and commit them as data in docs/results/, with the command and the machine
(results.py). Only services that they start themselves, on the loopback, are ever loaded.
"""
