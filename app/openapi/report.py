"""The operations of routes_report.py: the report whatever is accepted, and its figures."""

from http import HTTPStatus

from werkzeug.exceptions import NotFound

from app.openapi.model import TAG, report_schema
from app.openapi.operations import Answer, Content, Operation, Parameter
from app.openapi.pages import KNOWN
from app.openapi.subject import Subject

NAME = Parameter(
    name="name",
    place="path",
    description="A file of the release's `figures`, such as `reliability.png`.",
    schema={"type": "string"},
    required=True,
)

VERSION = Parameter(
    name="version",
    place="query",
    description="The release whose figure is meant; that of another one is never answered in its place.",
    schema={"type": "string"},
)


def operations(subject: Subject) -> tuple[Operation, ...]:
    """What `/metrics/report.json` and `/metrics/figures/<name>` answer."""
    return (
        Operation(
            endpoint="report.as_json",
            method="get",
            tag=TAG,
            summary="How good the model is, as JSON",
            description="What `/metrics` answers to those who accept JSON.",
            answers=(
                Answer(
                    description="The report.",
                    contents={"application/json": Content(schema=report_schema(subject))},
                ),
            ),
        ),
        Operation(
            endpoint="report.figure",
            method="get",
            tag=TAG,
            summary="A figure of the report",
            parameters=(NAME, VERSION, KNOWN),
            answers=(
                Answer(
                    description="A picture, as the release brought it along.",
                    contents={"image/png": Content()},
                    headers=("ETag",),
                ),
                Answer(description="The client has it.", status=HTTPStatus.NOT_MODIFIED, headers=("ETag",)),
            ),
            raises=(NotFound,),
        ),
    )
