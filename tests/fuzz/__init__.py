"""Long attacks, by `make fuzz`: libFuzzer on the decoders, schemathesis on the running service.

The property tests of tests/properties belong to it: `make fuzz` tries them on many new examples.
"""
