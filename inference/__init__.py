"""Steps from an upload to a decision: upload, picture, pixels, probabilities, decision.

Knows neither Flask nor S3, nor where a model came from. Start reading in classifier.py. arrays.py defines the
types, contract.py the contract of a network, and errors.py all errors.
"""
