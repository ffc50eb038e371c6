"""Clients that were written for other servers, as they are, against a real gunicorn."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import requests
from numpy.typing import NDArray
from tritonclient import http as triton
from tritonclient.utils import InferenceServerException

from tests.service import ROOT, Service, free_port
from tests.uploads import a_garment, png
from tests.waiting import wait_for

GARMENTS = np.stack([a_garment(seed) for seed in range(3)])
TEXTS = ["label", "decision", "reason"]


@pytest.fixture
def client(bundled_service: Service) -> Iterator[triton.InferenceServerClient]:
    """Triton's own client, as its users install it."""
    with triton.InferenceServerClient(bundled_service.url.removeprefix("http://")) as client:
        yield client


def an_input(pixels: NDArray[np.uint8], binary: bool) -> triton.InferInput:
    tensor = triton.InferInput("pixels", pixels.shape, "UINT8")
    tensor.set_data_from_numpy(pixels, binary_data=binary)
    return tensor


def probabilities_of_predict(service: Service) -> NDArray[np.float32]:
    """What /predict says of each garment, to the last bit."""
    answers = [service.post("/predict", json={"pixels": pixels.tolist()}).json() for pixels in GARMENTS]
    return np.array([list(answer["probabilities"].values()) for answer in answers], np.float32)


def test_tritons_client_finds_the_server_live_and_its_model_ready(
    client: triton.InferenceServerClient, bundled_service: Service
) -> None:
    version = bundled_service.get("/model").json()["version"]

    assert client.is_server_live()
    assert client.is_server_ready()
    assert client.is_model_ready("wardrobe")
    assert client.is_model_ready("wardrobe", version)
    assert not client.is_model_ready("wardrobe", "1")
    assert not client.is_model_ready("resnet50")


def test_tritons_client_learns_what_to_send_and_what_comes(client: triton.InferenceServerClient) -> None:
    server = client.get_server_metadata()
    model = client.get_model_metadata("wardrobe")
    config = client.get_model_config("wardrobe", model["versions"][0])

    assert server["extensions"] == ["binary_tensor_data", "classification", "model_configuration"]
    assert model["inputs"] == [{"name": "pixels", "datatype": "UINT8", "shape": [-1, 28, 28]}]
    assert model["outputs"][0] == {"name": "probabilities", "datatype": "FP32", "shape": [-1, 10]}
    assert config["max_batch_size"] == 256


@pytest.mark.parametrize("binary", [True, False], ids=["binary", "json"])
def test_tritons_client_gets_the_probabilities_of_predict(
    client: triton.InferenceServerClient, bundled_service: Service, binary: bool
) -> None:
    wanted = [triton.InferRequestedOutput("probabilities", binary_data=binary)]

    answers = [
        client.infer("wardrobe", [an_input(one[np.newaxis], binary)], outputs=wanted) for one in GARMENTS
    ]

    given = np.concatenate([answer.as_numpy("probabilities") for answer in answers])
    assert given.dtype == np.float32
    assert given.tobytes() == probabilities_of_predict(bundled_service).tobytes()


def test_tritons_client_gets_every_output_where_it_names_none(
    client: triton.InferenceServerClient, bundled_service: Service
) -> None:
    answer = client.infer("wardrobe", [an_input(GARMENTS, binary=True)], request_id="order-66")

    told = bundled_service.post(
        "/predict/batch", json={"images": [{"pixels": one.tolist()} for one in GARMENTS]}
    ).json()["predictions"]
    texts = [[text.decode() for text in answer.as_numpy(name)] for name in TEXTS]
    assert answer.get_response()["id"] == "order-66"
    assert answer.as_numpy("confidence").tolist() == [one["confidence"] for one in told]
    assert answer.as_numpy("familiarity").shape == (3,)
    assert texts == [[one[name] or "" for one in told] for name in TEXTS]


def test_tritons_client_may_have_some_outputs_binary_and_some_not(
    client: triton.InferenceServerClient, bundled_service: Service
) -> None:
    version = bundled_service.get("/model").json()["version"]
    wanted = [
        triton.InferRequestedOutput("label", binary_data=False),
        triton.InferRequestedOutput("probabilities", binary_data=True, class_count=2),
        triton.InferRequestedOutput("confidence", binary_data=True),
    ]

    answer = client.infer("wardrobe", [an_input(GARMENTS, binary=True)], version, wanted)

    likeliest = [text.decode().split(":") for text in answer.as_numpy("probabilities")[:, 0]]
    assert answer.get_response()["model_version"] == version
    assert [label for _, _, label in likeliest] == answer.as_numpy("label").tolist()
    assert [float(value) for value, _, _ in likeliest] == pytest.approx(
        answer.as_numpy("confidence"), abs=1e-6
    )


def test_tritons_client_sends_picture_files(client: triton.InferenceServerClient) -> None:
    files = np.array([(ROOT / "examples" / "ankle-boot.png").read_bytes()], np.object_)
    image = triton.InferInput("image", [1], "BYTES")
    image.set_data_from_numpy(files)

    answer = client.infer("wardrobe", [image])

    assert answer.as_numpy("label").tolist() == [b"Ankle boot"]


def test_tritons_client_is_told_what_was_wrong(client: triton.InferenceServerClient) -> None:
    with pytest.raises(InferenceServerException) as wrong_shape:
        client.infer("wardrobe", [an_input(np.zeros((1, 32, 32), np.uint8), binary=True)])
    with pytest.raises(InferenceServerException) as wrong_model:
        client.get_model_metadata("resnet50")
    with pytest.raises(InferenceServerException) as compressed:
        client.infer("wardrobe", [an_input(GARMENTS, binary=True)], request_compression_algorithm="gzip")
    with pytest.raises(InferenceServerException) as unknown:
        client.get_inference_statistics("wardrobe")

    assert wrong_shape.value.status() == "422"
    assert "[1, 32, 32]" in wrong_shape.value.message()
    assert (wrong_model.value.status(), compressed.value.status()) == ("404", "400")
    assert "is 'wardrobe'" in wrong_model.value.message()
    assert "Content-Encoding" in compressed.value.message()
    assert unknown.value.message().startswith("Nothing is found at /v2/models/wardrobe/stats.")


def test_the_program_of_the_page_runs(bundled_service: Service) -> None:
    page = (ROOT / "docs" / "reference" / "dialects.md").read_text("utf-8")
    (program,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    address = bundled_service.url.removeprefix("http://")

    done = subprocess.run(
        [sys.executable, "-c", program.replace("localhost:8000", address)],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("[b'")


def test_sagemakers_way_to_start_it_serves_on_sagemakers_port(tmp_path: Path) -> None:
    port = free_port()
    environment = {name: value for name, value in os.environ.items() if name != "PORT"} | {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "SAGEMAKER_BIND_TO_PORT": str(port),
        "WARDROBE_CACHE_DIR": str(tmp_path),
        "WARDROBE_DRAIN_SECONDS": "0",
        "WEB_CONCURRENCY": "1",
    }

    with subprocess.Popen(["deploy/sagemaker/serve"], cwd=ROOT, env=environment) as server:
        service = Service(f"http://127.0.0.1:{port}", server, tmp_path / "log")
        try:
            ping = wait_for("/ping", lambda: _ping(service), 60)
            answer = service.post(
                "/invocations",
                data=png(GARMENTS[0]),
                headers={"Content-Type": "application/x-image", "X-Amzn-SageMaker-Custom-Attributes": "a=b"},
            )
        finally:
            server.send_signal(signal.SIGTERM)

    assert (ping.status_code, ping.content) == (200, b"")
    assert answer.json()["label"] in answer.json()["probabilities"]
    assert server.returncode == 0


def _ping(service: Service) -> requests.Response | None:
    try:
        return service.get("/ping")
    except requests.ConnectionError:
        return None
