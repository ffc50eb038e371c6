"""Networks, export and fitting on TensorFlow itself, with data sets of a few hundred pictures."""
