"""Long, bounded attacks on the service, for `make fuzz`: what pytest has no time for.

over_http.py sends mutated requests to a real gunicorn; coverage_guided.py steers mutations by the code they
reach (atheris), in the process that upload_to_pixels.py is. Both start from tests/hostile; what breaks
something is kept under fuzzing/crashers/, and belongs into that corpus once it is understood.
"""
