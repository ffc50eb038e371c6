"""The networks by name, in Keras' functional form, and what one picture costs."""
