"""The web service: HTTP in, HTTP out.

Start reading in factory.py, the one place where parts are chosen and put together. settings.py is what an
operator may set, problems.py every error that a client may see, predicting.py what an upload goes through.
"""
