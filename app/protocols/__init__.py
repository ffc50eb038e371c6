"""Other servers' languages: clients that were written for those find this service in their place.

tf_serving.py, open_inference.py and sagemaker.py each speak one; classifying.py is what they share, and no
different from what `/predict` does. routes.py hands them all to the composition root. docs/dialects.md tells
clients.
"""
