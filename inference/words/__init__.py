"""Read titles and categories: which garment do the words name, in which of the languages that have a file.

Start reading in words.py. Nothing here knows of pictures.
"""
