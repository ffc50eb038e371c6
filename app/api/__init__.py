"""The HTTP routes of the service, a file for each resource. problems.py turns errors into answers."""
