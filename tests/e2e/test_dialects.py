"""Clients that were written for other servers, as they are, against a real gunicorn."""

import re
import sys
from collections.abc import Iterator

import numpy as np
import pytest
from numpy.typing import NDArray
from tritonclient import http as triton

from tests.commands import done
from tests.service import ROOT, Service
from tests.uploads import a_garment, png

pytestmark = pytest.mark.slow

GARMENTS = np.stack([a_garment(seed) for seed in range(3)])


@pytest.fixture
def client(bundled_service: Service) -> Iterator[triton.InferenceServerClient]:
    """Triton's own client, as its users install it."""
    with triton.InferenceServerClient(bundled_service.url.removeprefix("http://")) as client:
        yield client


def an_input(pixels: NDArray[np.uint8], binary: bool = True) -> triton.InferInput:
    tensor = triton.InferInput("pixels", pixels.shape, "UINT8")
    tensor.set_data_from_numpy(pixels, binary_data=binary)
    return tensor


@pytest.mark.parametrize("coding", [None, "gzip", "deflate"])
@pytest.mark.parametrize("binary", [True, False], ids=["binary", "json"])
def test_tritons_client_gets_the_probabilities_of_predict(
    client: triton.InferenceServerClient, bundled_service: Service, coding: str | None, binary: bool
) -> None:
    wanted = [triton.InferRequestedOutput("probabilities", binary_data=binary)]
    singly = [bundled_service.post("/predict", data=png(one)).json()["probabilities"] for one in GARMENTS]

    answers = [
        client.infer(
            "wardrobe",
            [an_input(one[np.newaxis], binary)],
            outputs=wanted,
            request_compression_algorithm=coding,
        )
        for one in GARMENTS
    ]

    given = np.concatenate([answer.as_numpy("probabilities") for answer in answers])
    assert given == pytest.approx(np.array([list(one.values()) for one in singly]), abs=1e-6)


def test_the_program_of_the_page_runs(bundled_service: Service) -> None:
    page = (ROOT / "docs" / "reference" / "other-protocols.md").read_text("utf-8")
    (program,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    here = program.replace("localhost:8000", bundled_service.url.removeprefix("http://"))

    ended = done([sys.executable, "-c", here])

    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.startswith("[b'")
