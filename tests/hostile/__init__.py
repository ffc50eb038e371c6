"""A corpus of files that mean harm, or look as if they did.

files/ holds them, each in a folder that names the format and the statuses that may answer it (README.md);
corpus.py lists them. seeds/ holds the few sound pictures that property tests start from, made once by Pillow
13.0 (HEIC: with pillow-heif 1.8.1) from examples/photo-trousers.jpg.
"""
