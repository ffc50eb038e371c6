"""A corpus of files that mean harm, or look as if they did.

corpus.py gathers them from the modules beside it, each of which builds one family from its format's
specification; files/ holds what they built, so that other programs can be fed the same. seeds/ holds the few
pictures they start from, made once by Pillow 13.0 (HEIC: with
pillow-heif 1.8.1) from examples/photo-trousers.jpg.
"""
