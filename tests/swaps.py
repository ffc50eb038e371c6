"""Promotions and rollbacks to and fro while a service answers, and what each release answers."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from inference.classifier import open_classifier
from inference.contract import GREY_28, whole_pictures
from inference.convert import decoded_to_pixels
from inference.decode import MAX_PIXELS, decode
from model_store.local import open_release
from model_store.promotions import append, current, roll_back
from model_store.publish import publish
from model_store.store import Store
from reports.judge import judge
from tests.load import Answers
from tests.releases import a_release
from tests.service import Service
from tests.uploads import a_garment, png
from tests.waiting import wait_for

UPLOAD = png(a_garment())

INPUTS = (GREY_28, whole_pictures(64, 3))
"""What the releases read, in turn."""


@dataclass(frozen=True)
class Shelf:
    """A store with releases that take turns in being current, and what each of them answers to UPLOAD."""

    store: Store
    versions: list[str]
    answers: Answers


def a_shelf(store: Store, folder: Path, releases: int = 3) -> Shelf:
    """Publish releases of different inputs into an empty store; the first is current."""
    folders = [
        a_release(folder / str(seed), seed=seed, reads=INPUTS[seed % len(INPUTS)]) for seed in range(releases)
    ]
    versions = [
        publish(release, store, judge, by="tests", promote=number == 0).manifest.version
        for number, release in enumerate(folders)
    ]
    return Shelf(store, versions, known_answers(folders))


def swap(shelf: Shelf, number: int) -> str:
    """Make another release current: every third time by a rollback, else by promoting the next one.

    Returns:
        Its version.
    """
    holding = current(shelf.store)
    if number % 3 == 2:
        return roll_back(shelf.store, "tests").version
    upcoming = shelf.versions[(shelf.versions.index(holding.version) + 1) % len(shelf.versions)]
    return append(shelf.store, upcoming, "promote", "tests", holding).version


def wait_until_served(service: Service, version: str) -> None:
    """Until every worker answers with a release."""
    enough = 8 * len(service.worker_pids())
    wait_for(
        f"{version} in every worker",
        lambda: {service.get("/model").json()["version"] for _ in range(enough)} == {version},
    )


def known_answers(releases: list[Path]) -> Answers:
    """What each release answers to UPLOAD, without the service."""
    answers = {}
    for folder in releases:
        manifest = open_release(folder).manifest
        reads = manifest.contract("pixels").input
        pixels = decoded_to_pixels(decode(UPLOAD, MAX_PIXELS, reads), reads)
        [given] = open_classifier(folder / "model.onnx", manifest.contract("pixels")).classify(
            pixels[np.newaxis]
        )
        answers[manifest.version] = dict(
            zip(manifest.labels, map(float, given.answer.probabilities), strict=True)
        )
    return answers
