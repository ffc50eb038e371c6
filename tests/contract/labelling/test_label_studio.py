"""Doubtful pictures go to Label Studio as tasks, and come back as its export."""

import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from labelling.errors import CorrectionsUnusable
from tests.commands import wardrobe
from tests.contract.labelling.test_label_command import Rows, rows_of, with_doubtful

main = partial(wardrobe, "label")

Tasks = list[dict[str, Any]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A table of the bundled release, and its doubtful pictures as tasks."""
    folder = tmp_path_factory.mktemp("studio")
    tasks = ["--tasks", str(folder / "tasks.json")]
    main([with_doubtful(folder / "pictures"), "--out", str(folder / "table.csv"), "--workers", "1", *tasks])
    return folder


def tasks_in(folder: Path) -> Tasks:
    read: Tasks = json.loads((folder / "tasks.json").read_text("utf-8"))
    return read


def annotation(label: str, **more: object) -> dict[str, Any]:
    """As Label Studio exports it: https://labelstud.io/guide/task_format."""
    value = {"choices": [label]}
    chosen = {"id": "Dx_aB9", "from_name": "label", "to_name": "image", "type": "choices", "value": value}
    return {
        "id": 1001,
        "result": [chosen],
        "was_cancelled": False,
        "created_at": "2026-11-22T10:00:00.728353Z",
        "updated_at": "2026-11-22T10:01:00.728353Z",
        **more,
    }


def corrected(folder: Path, tasks: Tasks) -> Rows:
    (folder / "export.json").write_text(json.dumps(tasks), "utf-8")
    main(["--corrections", str(folder / "export.json"), "--out", str(folder / "table.csv")])
    return rows_of(folder / "table.csv")


def test_the_tasks_are_the_doubtful_rows_with_the_models_label_as_prediction(folder: Path) -> None:
    rows = rows_of(folder / "table.csv")
    doubtful = {row["path"]: row["label"] for row in rows if row["reason"]}
    tasks = tasks_in(folder)

    predicted = {
        task["data"]["path"]: task["predictions"][0]["result"][0]["value"]["choices"][0] for task in tasks
    }

    assert predicted == doubtful != {}
    assert all(task["data"]["image"].startswith("data:image/jpeg;base64,") for task in tasks)


def test_an_export_decides_the_rows_that_were_annotated(folder: Path) -> None:
    first, second, *_ = tasks_in(folder)
    first["annotations"] = [annotation("Shirt"), annotation("Bag", was_cancelled=True)]
    second["annotations"] = [annotation("leave out")]

    rows = corrected(folder, [first, second])

    said = {row["sha256"]: row["label"] for row in rows if row["decided_by"] == "person"}
    assert said == {first["data"]["sha256"]: "Shirt", second["data"]["sha256"]: None}


def test_a_project_of_label_studio_s_own_template_decides_as_well(folder: Path) -> None:
    first, *_ = tasks_in(folder)
    first["annotations"] = [annotation("Coat", updated_at="2026-11-23T10:00:00Z")]
    first["annotations"][0]["result"][0]["from_name"] = "choice"
    first["annotations"][0]["result"].append({"from_name": "box", "type": "rectanglelabels", "value": {}})

    rows = corrected(folder, [first])

    assert [row["label"] for row in rows if row["sha256"] == first["data"]["sha256"]] == ["Coat"]


def question(name: str, *choices: object) -> dict[str, Any]:
    return {"from_name": name, "to_name": "image", "type": "choices", "value": {"choices": [*choices]}}


def answered(*questions: object) -> list[dict[str, Any]]:
    return [annotation("", result=[*questions])]


@pytest.mark.parametrize(
    ("odd", "words"),
    [
        (
            {"annotations": answered(question("label", "Bag", "Dress"))},
            "the choices are Bag, Dress",
        ),
        ({"annotations": answered(question("label"))}, "the choices are none"),
        ({"annotations": answered(question("label", 3))}, "the choices are 3"),
        (
            {"annotations": answered(question("a", "Bag"), question("b", "Bag"))},
            "has 2 questions",
        ),
        (
            {"annotations": answered({"type": "rating", "value": {"rating": 4}})},
            "has no choice",
        ),
        ({"annotations": [annotation("Bag", updated_at=1764100000)]}, "1764100000 is no time"),
        ({"annotations": [17]}, "its annotation is no object"),
        ({"annotations": None}, "or no `annotations`"),
        ({"data": {"image": "/data/upload/1.jpg"}}, "has no `data` with `path`"),
    ],
)
def test_a_task_that_is_odd_is_named(odd: dict[str, Any], words: str, folder: Path) -> None:
    first, second, *_ = tasks_in(folder)
    first["annotations"] = second["annotations"] = [annotation("Bag")]

    with pytest.raises(CorrectionsUnusable) as refused:
        corrected(folder, [first, second | odd])

    assert "export.json, task 2" in str(refused.value)
    assert words in str(refused.value)


NUMBERS = [{"data": {"path": 1, "sha256": 2}, "annotations": [annotation("Shirt")]}]


@pytest.mark.parametrize(
    "text", ["{", "{}", '[{"image": "a.jpg", "label": "Shirt"}]', "[" * 100_000, json.dumps(NUMBERS)]
)
def test_another_json_is_refused(text: str, folder: Path) -> None:
    (folder / "other.json").write_text(text, "utf-8")

    with pytest.raises(CorrectionsUnusable, match=r"other\.json: is no (JSON|export of Label Studio)"):
        main(["--corrections", str(folder / "other.json"), "--out", str(folder / "table.csv")])
