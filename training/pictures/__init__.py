"""Labelled pictures as arrays: IDX, CSV, Keras' downloader, a folder of one's own; and their split."""
