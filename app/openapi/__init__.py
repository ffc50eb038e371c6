"""The contract as an OpenAPI 3.1 document: what every route takes, and everything that it may answer.

Start at document.py, which puts the parts together for one app. Each kind of routes has its table of
operations: classifying.py, model.py, report.py, health.py, pages.py, and one for each dialect. What bodies
look like is said once, as pydantic models: request_models.py, answer_models.py, and beside each dialect's
table. Nothing here runs while a picture is classified.
"""
