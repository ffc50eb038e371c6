"""Doubtful pictures go to Label Studio as tasks, and come back as its export."""

import json
import shutil
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from labelling.errors import CorrectionsUnusable
from tests.catalogues import write_doubtful
from tests.commands import wardrobe
from tests.tables import Rows, label, rows_of

main = partial(wardrobe, "label")

Tasks = list[dict[str, Any]]


@pytest.fixture(scope="module")
def labelled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A table of the bundled release, and the pictures of doubtful class or colour as tasks."""
    folder = tmp_path_factory.mktemp("studio")
    words = ["--tasks", str(folder / "tasks.json"), "--ask", "colour"]
    pictures = write_doubtful(folder / "pictures")
    dress = cv2.imread(str(pictures / "photo-dress.jpg"))
    assert dress is not None
    half = dress[:, : dress.shape[1] // 2]
    half[:] = half * np.array([0.3, 0.6, 1.0])
    cv2.imwrite(str(pictures / "two-coloured-dress.png"), dress)
    label(pictures, folder / "table.csv", "bundled", *words)
    return folder


@pytest.fixture
def folder(labelled: Path, tmp_path: Path) -> Path:
    """A copy of it, for answers."""
    return Path(shutil.copytree(labelled, tmp_path / "studio"))


def tasks_in(folder: Path) -> Tasks:
    read: Tasks = json.loads((folder / "tasks.json").read_text("utf-8"))
    return read


def question(name: str, *choices: object) -> dict[str, Any]:
    return {"from_name": name, "to_name": "image", "type": "choices", "value": {"choices": [*choices]}}


def answered(
    *questions: object, at: object = "2026-11-22T10:01:00.728353Z", **more: object
) -> dict[str, Any]:
    """As Label Studio exports it: https://labelstud.io/guide/task_format."""
    of_studio = {"id": 1001, "was_cancelled": False, "created_at": "2026-11-22T10:00:00.728353Z"}
    return {**of_studio, "updated_at": at, "result": [*questions], **more}


BAG = answered(question("label", "Bag"))


def corrected(folder: Path, tasks: Tasks) -> Rows:
    (folder / "export.json").write_text(json.dumps(tasks), "utf-8")
    main(["--corrections", str(folder / "export.json"), "--out", str(folder / "table.csv")])
    return rows_of(folder / "table.csv")


def test_the_tasks_are_the_doubtful_rows_with_the_models_labels_as_prediction(folder: Path) -> None:
    rows, tasks = rows_of(folder / "table.csv"), tasks_in(folder)

    predicted = {
        task["data"]["path"]: {
            one["from_name"]: one["value"]["choices"] for one in task["predictions"][0]["result"]
        }
        for task in tasks
    }

    doubtful = [row for row in rows if "review" in {row["decision"], row["colour_decision"]}]
    assert {row["decision"] for row in doubtful} == {"accept", "review"}
    assert predicted == {
        row["path"]: {"label": [row["label"]], "colour": [row["colour"]]} for row in doubtful
    }
    assert all(task["data"]["image"].startswith("data:image/jpeg;base64,") for task in tasks)


def test_an_export_decides_what_was_annotated(folder: Path) -> None:
    before = {row["sha256"]: row for row in rows_of(folder / "table.csv")}
    tasks = tasks_in(folder)[:3]
    both = (question("label", "Shirt"), question("colour", "blue"), question("mood", "good"))
    tasks[0]["annotations"] = [answered(*both), answered(question("label", "Bag"), was_cancelled=True)]
    tasks[1]["annotations"] = [answered(question("label", "leave out"))]
    tasks[2]["annotations"] = [answered(question("colour", "red"))]
    first, second, third = (task["data"]["sha256"] for task in tasks)

    rows = {row["sha256"]: row for row in corrected(folder, tasks)}

    assert {sha256: row["label"] for sha256, row in rows.items() if row["decided_by"] == "person"} == {
        first: "Shirt",
        second: None,
    }
    assert {
        sha256: row["colour"] for sha256, row in rows.items() if row["colour_decided_by"] == "person"
    } == {
        first: "blue",
        third: "red",
    }
    assert rows[third]["label"] == before[third]["label"]


def test_a_project_of_label_studio_s_own_template_decides_as_well(folder: Path) -> None:
    first, *_ = tasks_in(folder)
    box = {"from_name": "box", "type": "rectanglelabels", "value": {}}
    first["annotations"] = [answered(question("choice", "Coat"), box, at="2026-11-23T10:00:00Z")]

    rows = corrected(folder, [first])

    assert [row["label"] for row in rows if row["sha256"] == first["data"]["sha256"]] == ["Coat"]


@pytest.mark.parametrize(
    ("odd", "words"),
    [
        ({"annotations": [answered(question("label", "Bag", "Dress"))]}, "the choices are Bag, Dress"),
        ({"annotations": [answered(question("label"))]}, "the choices are none"),
        ({"annotations": [answered(question("label", 3))]}, "the choices are 3"),
        ({"annotations": [answered(question("a", "Bag"), question("b", "Bag"))]}, "has 2 questions"),
        ({"annotations": [answered({"type": "rating", "value": {"rating": 4}})]}, "has no choice"),
        ({"annotations": [answered(question("label", "Bag"), at=1764100000)]}, "1764100000 is no time"),
        ({"annotations": [17]}, "its annotation is no object"),
        ({"annotations": None}, "or no `annotations`"),
        ({"data": {"image": "/data/upload/1.jpg"}}, "has no `data` with `path`"),
    ],
)
def test_a_task_that_is_odd_is_named(odd: dict[str, Any], words: str, folder: Path) -> None:
    first, second, *_ = tasks_in(folder)
    first["annotations"] = second["annotations"] = [BAG]

    with pytest.raises(CorrectionsUnusable) as refused:
        corrected(folder, [first, second | odd])

    assert "export.json, task 2" in str(refused.value)
    assert words in str(refused.value)


NUMBERS = [{"data": {"path": 1, "sha256": 2}, "annotations": [BAG]}]


@pytest.mark.parametrize(
    "text", ["{", "{}", '[{"image": "a.jpg", "label": "Shirt"}]', "[" * 100_000, json.dumps(NUMBERS)]
)
def test_another_json_is_refused(text: str, folder: Path) -> None:
    (folder / "other.json").write_text(text, "utf-8")

    with pytest.raises(CorrectionsUnusable, match=r"other\.json: is no (JSON|export of Label Studio)"):
        main(["--corrections", str(folder / "other.json"), "--out", str(folder / "table.csv")])
