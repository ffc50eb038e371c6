"""The operations that tell about the service itself: this document, and the pages for people."""

from http import HTTPStatus

from app.openapi.operations import Answer, Content, Operation, Parameter
from app.openapi.subject import Subject

TAG = "About"

KNOWN = Parameter(
    name="If-None-Match",
    place="header",
    description="The ETag of what the client has already.",
    schema={"type": "string"},
)

UNCHANGED = Answer(description="The client has it.", status=HTTPStatus.NOT_MODIFIED, headers=("ETag",))


def operations(_: Subject) -> tuple[Operation, ...]:
    """What `/`, `/openapi.json` and `/docs` answer."""
    return (
        _page("page.index", "The page on which people try pictures"),
        Operation(
            endpoint="docs.document",
            method="get",
            tag=TAG,
            summary="This document",
            parameters=(KNOWN,),
            answers=(
                Answer(
                    description="OpenAPI 3.1, with the labels of the release that is being served.",
                    contents={"application/json": Content(schema={"type": "object"})},
                    headers=("ETag",),
                ),
                UNCHANGED,
            ),
        ),
        _page("docs.page", "This document to be read and tried"),
    )


def _page(endpoint: str, summary: str) -> Operation:
    return Operation(
        endpoint=endpoint,
        method="get",
        tag=TAG,
        summary=summary,
        parameters=(KNOWN,),
        answers=(
            Answer(description="HTML.", contents={"text/html": Content()}, headers=("ETag",)),
            UNCHANGED,
        ),
    )
