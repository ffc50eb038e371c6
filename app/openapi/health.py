"""The operations of routes_health.py."""

from datetime import UTC, datetime

from app.errors import NotReady
from app.openapi.answer_models import Live, Ready
from app.openapi.operations import Answer, Content, Operation
from app.openapi.schemas import Json, reference
from app.openapi.subject import Subject

TAG = "Health"


def operations(subject: Subject) -> tuple[Operation, ...]:
    """What `/healthz` and `/readyz` answer."""
    return (
        Operation(
            endpoint="health.live",
            method="get",
            tag=TAG,
            summary="Does the process live?",
            answers=(
                Answer(
                    description="It does.",
                    contents={
                        "application/json": Content(
                            schema=reference(Live), examples={"live": {"status": "live"}}
                        )
                    },
                ),
            ),
        ),
        Operation(
            endpoint="health.ready",
            method="get",
            tag=TAG,
            summary="Is a model warm, and is it the newest?",
            answers=(
                Answer(
                    description="It is ready; `stale` and `refused` tell how up to date it is.",
                    contents={"application/json": Content(schema=reference(Ready), examples=_ready(subject))},
                ),
            ),
            raises=(NotReady,),
        ),
    )


def _ready(subject: Subject) -> dict[str, Json]:
    well: Json = {
        "status": "ready",
        "model": {"version": subject.served.version},
        "stale": False,
        "stale_since": None,
        "store": {"status": "ok"},
        "refused": [],
    }
    since = datetime(2026, 11, 20, 10, 15, tzinfo=UTC).isoformat()
    trouble = {"status": "failing", "since": since, "error": "s3://shop-models: AccessDenied on GetObject."}
    return {
        "up-to-date": well,
        "store-away": well | {"stale": True, "stale_since": since, "store": trouble},
    }
