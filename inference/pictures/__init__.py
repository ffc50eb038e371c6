"""Turn an upload into the pixels that a network reads: recognise its format, decode it, convert it.

Start reading in decode.py and convert.py. Nothing here knows of words.
"""
