"""Upload -> picture -> pixels -> probabilities -> decision.

Knows neither Flask nor S3 nor where a model came from. Start reading in classifier.py. arrays.py defines the
types, contract.py what a release declares about its model, errors.py all errors.
"""
