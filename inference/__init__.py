"""Upload -> picture -> pixels -> probabilities -> decision.

Knows neither Flask nor S3 nor where a model came from. Start reading in classifier.py;
arrays.py has the words, contract.py what a model brings along, errors.py what may go wrong.
"""
