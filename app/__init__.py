"""The web service: HTTP in, HTTP out.

Start reading in factory.py, the one place where parts are chosen and put together. settings.py holds what an
operator may set, api/problems.py every error that a client may see, prediction/ what an upload goes through.
"""

__version__ = "0.1.0"
