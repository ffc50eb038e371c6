"""Pictures -> vectors or pixels -> a head or a network -> calibrated, measured, sealed release.

The only package that imports TensorFlow, sklearn and matplotlib freely; the service never imports it. Start
reading in own_classes.py and ten_classes.py; improve.py chooses which of them learns corrections. data/
reads, features/ makes vectors, heads/ and gradient/ learn, thresholds/ decides, evaluation/ measures,
release/ exports and seals. errors.py has what may go wrong.
"""
