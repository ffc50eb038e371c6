"""Label Studio's JSON: tasks with the model's answers as predictions, and what its export says of them.

The labelling interface is one `<Choices name="label" toName="image">` over an `<Image name="image"
value="$image">`; a question of another name is read where it is the only one. Pictures are `data:` URLs, so
that the server needs no access to the catalogue.
"""

import json
from collections.abc import Iterator, Mapping
from types import MappingProxyType
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
        attributes: the labels that it gave to further questions.
    """

    path: str
    sha256: str
    picture: str
    label: str
    confidence: float
    version: str
    attributes: Mapping[str, str] = MappingProxyType({})


def as_task(task: Task) -> dict[str, Any]:
    """One task, as Label Studio imports it; its data name the attributes, since an export has no others."""
    data = {"path": safe_path(task.path), "sha256": task.sha256, TO: task.picture}
    return {
        "data": data | ({"attributes": list(task.attributes)} if task.attributes else {}),
        "predictions": [
            {
                "model_version": task.version,
                "score": task.confidence,
                "result": [
                    {"from_name": name, "to_name": TO, "type": "choices", "value": {"choices": [label]}}
                    for name, label in {FROM: task.label, **task.attributes}.items()
                ],
            }
        ],
    }


def as_tasks(tasks: list[Task]) -> str:
    """The file to import."""
    return json.dumps([as_task(task) for task in tasks], ensure_ascii=False, indent=1) + "\n"


class NotAnExport(Exception):
    """No task is one that `wardrobe label --tasks` wrote and Label Studio exported as JSON."""


class OddTask(Exception):
    """One task of an export says of no picture, or not clearly, what it shows; the message names it."""


def annotated(tasks: Any) -> Iterator[tuple[int, Mapping[str, str]]]:  # noqa: ANN401 - any JSON
    """The rows of an export, as a CSV of corrections has them, each with the number of its task.

    Tasks without an annotation, and annotations that were skipped, are left out.

    Raises:
        NotAnExport: it is another JSON.
        OddTask: one task is not as the others.
    """
    if not isinstance(tasks, list) or (tasks and not any(map(_is_task, tasks))):
        raise NotAnExport
    for number, task in enumerate(tasks, 1):
        if not _is_task(task):
            raise OddTask(f"task {number}: has no `data` with `path` and `sha256`, or no `annotations`.")
        path, sha256 = task["data"]["path"], task["data"]["sha256"]
        where = f"task {number} ({path})"
        for annotation in task["annotations"]:
            if not isinstance(annotation, dict):
                raise OddTask(f"{where}: its annotation is no object. Export as JSON, with annotations.")
            if annotation.get("was_cancelled") or not annotation.get("result"):
                continue
            attributes = task["data"].get("attributes") or []
            at = annotation.get("updated_at") or annotation.get("created_at") or ""
            if not isinstance(at, str):
                raise OddTask(f"{where}: {at!r} is no time.")
            for attribute, chosen in _chosen(annotation["result"], attributes, where):
                label = "" if chosen == LEAVE_OUT else chosen
                yield (
                    number,
                    {"path": path, "sha256": sha256, "label": label, "at": at, "attribute": attribute},
                )


def _is_task(task: Any) -> bool:  # noqa: ANN401 - any JSON
    data = task.get("data") if isinstance(task, dict) else None
    is_named = isinstance(data, dict) and all(isinstance(data.get(name), str) for name in ("path", "sha256"))
    return is_named and isinstance(task.get("annotations"), list)


def _chosen(results: Any, attributes: Any, where: str) -> Iterator[tuple[str, str]]:  # noqa: ANN401 - any JSON
    """The choices of an annotation, each after its attribute, which is empty for the class.

    The class is the question FROM, or the only one beside those of attributes, whatever its name: Label
    Studio's own template calls it `choice`. Boxes, texts and ratings are not read.
    """
    answers = [answer for answer in results if isinstance(answer, dict) and answer.get("type") == "choices"]
    further = [
        answer for answer in answers if isinstance(attributes, list) and answer.get("from_name") in attributes
    ]
    for answer in further:
        yield str(answer["from_name"]), _choice(answer, where)
    answers = [answer for answer in answers if answer not in further]
    named = [answer for answer in answers if answer.get("from_name") == FROM] or answers
    if further and not named:
        return
    if len(named) != 1:
        count = f"{len(named)} questions with choices" if named else "no choice"
        raise OddTask(f"{where}: its annotation has {count}. It needs one, best called `{FROM}`.")
    yield "", _choice(named[0], where)


def _choice(answer: Mapping[str, Any], where: str) -> str:
    """The one label that a question has."""
    value = answer.get("value")
    choices = value.get("choices") if isinstance(value, dict) else None
    if (
        not isinstance(choices, list)
        or not all(isinstance(choice, str) for choice in choices)
        or len(choices) != 1
    ):
        shown = ", ".join(map(str, choices)) if isinstance(choices, list) and choices else "none"
        raise OddTask(
            f"{where}: the choices are {shown}, where a picture has one. Correct it and export again."
        )
    return str(choices[0])
