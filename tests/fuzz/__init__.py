"""Long attacks, by `make fuzz`: libFuzzer on the decoders, schemathesis on the running service, and
simulations of how often the rules of figures err.

The property tests of tests/properties belong to it: `make fuzz` tries them on many new examples.
"""
