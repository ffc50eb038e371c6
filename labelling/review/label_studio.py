"""Label Studio's JSON: tasks with the model's answers as predictions, and what its export says of them.

The labelling interface is one `<Choices name="label" toName="image">` over an `<Image name="image"
value="$image">`. Pictures are `data:` URLs, so that the server needs no access to the catalogue.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from inference.spreadsheets import safe_path

FROM: Final = "label"
"""The name of the choices in the labelling interface."""

TO: Final = "image"
"""The name of the picture there."""

LEAVE_OUT: Final = "leave out"
"""The choice that leaves a picture out."""


class Task(NamedTuple):
    """One picture to be labelled.

    Attributes:
        picture: a `data:` URL.
        label, confidence: as the model answered.
        version: of the release that did.
    """

    path: str
    sha256: str
    picture: str
    label: str
    confidence: float
    version: str


def as_task(task: Task) -> dict[str, Any]:
    """One task, as Label Studio imports it."""
    return {
        "data": {"path": safe_path(task.path), "sha256": task.sha256, TO: task.picture},
        "predictions": [
            {
                "model_version": task.version,
                "score": task.confidence,
                "result": [
                    {"from_name": FROM, "to_name": TO, "type": "choices", "value": {"choices": [task.label]}}
                ],
            }
        ],
    }


def as_tasks(tasks: list[Task]) -> str:
    """The file to import."""
    return json.dumps([as_task(task) for task in tasks], ensure_ascii=False, indent=1) + "\n"


def annotated(tasks: Any) -> Iterator[tuple[int, Mapping[str, str]]]:  # noqa: ANN401 - any JSON
    """The rows of an export, as a CSV of corrections has them, each with the number of its task.

    Tasks without an annotation, and annotations that were skipped, are left out.

    Raises:
        KeyError, TypeError, AttributeError, ValueError: it is no such export.
    """
    if not isinstance(tasks, list):
        raise TypeError(tasks)
    for number, task in enumerate(tasks, 1):
        data = task["data"]
        for annotation in task["annotations"]:
            if annotation.get("was_cancelled") or not annotation["result"]:
                continue
            [choice] = [one for one in annotation["result"] if one["from_name"] == FROM]
            [chosen] = choice["value"]["choices"]
            row = {
                "path": data["path"],
                "sha256": data["sha256"],
                "label": "" if chosen == LEAVE_OUT else chosen,
                "at": annotation.get("updated_at") or annotation.get("created_at") or "",
            }
            if not all(isinstance(value, str) for value in row.values()):
                raise TypeError(row)
            yield number, row
