"""Networks by name, in Keras' functional form, and the cost of one picture."""
