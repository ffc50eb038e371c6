"""Releases that follow one another while a service answers, and what each of them answers."""

from pathlib import Path

import numpy as np

from inference.classifier import open_classifier
from inference.pictures.convert import convert_to_pixels
from inference.pictures.decode import MAX_PIXELS, decode_image
from model_store.local_releases import open_release
from tests.load import Answers
from tests.service import Service
from tests.uploads import UPLOAD
from tests.waiting import wait_for


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
        reads = manifest.get_contract("pixels").input
        pixels = convert_to_pixels(decode_image(UPLOAD, MAX_PIXELS, reads), reads)
        [given] = open_classifier(folder / "model.onnx", manifest.get_contract("pixels")).classify(
            pixels[np.newaxis]
        )
        answers[manifest.version] = dict(
            zip(manifest.labels, map(float, given.answer.probabilities), strict=True)
        )
    return answers
