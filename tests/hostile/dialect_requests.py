"""Honest requests of each dialect, for others to damage: black pictures in every form that they come in."""

import base64
import json
from dataclasses import dataclass, field

from tests.hostile.entry import JSON
from tests.hostile.png_files import png

LENGTH = "Inference-Header-Content-Length"
ROWS = [[0] * 28] * 28
PICTURE = base64.b64encode(png()).decode()


@dataclass(frozen=True)
class Honest:
    """A request that is answered with 200."""

    path: str
    body: bytes
    headers: dict[str, str] = field(default_factory=lambda: {"Content-Type": JSON})


def honest_requests() -> list[Honest]:
    """All of them."""
    return [*_tf_serving(), *_open_inference(), *_sagemaker()]


def _tf_serving() -> list[Honest]:
    documents: list[dict[str, object]] = [
        {"signature_name": "serving_default", "instances": [ROWS, {"b64": PICTURE}]},
        {"instances": [{"pixels": ROWS}, {"image": {"b64": PICTURE}}]},
        {"inputs": {"pixels": [ROWS, ROWS]}},
        {"inputs": {"image": [{"b64": PICTURE}]}},
    ]
    return [Honest("/v1/models/wardrobe:predict", json.dumps(one).encode()) for one in documents]


def _open_inference() -> list[Honest]:
    pixels: dict[str, object] = {"name": "pixels", "shape": [2, 28, 28], "datatype": "UINT8"}
    image: dict[str, object] = {"name": "image", "shape": [2], "datatype": "BYTES"}
    element = len(png()).to_bytes(4, "little") + png()
    wanted = [{"name": "probabilities", "parameters": {"classification": 3}}, {"name": "label"}]
    return [
        _infer({"inputs": [pixels | {"data": [0] * 1568}], "outputs": wanted}),
        _infer({"inputs": [image | {"data": [PICTURE, PICTURE]}]}),
        _infer({"id": "7", "inputs": [_sized(pixels, 1568)]}, bytes(1568)),
        _infer({"inputs": [_sized(image, 2 * len(element))]}, element * 2),
    ]


def _sized(tensor: dict[str, object], size: int) -> dict[str, object]:
    return tensor | {"parameters": {"binary_data_size": size}}


def _infer(document: dict[str, object], binary: bytes = b"") -> Honest:
    header = json.dumps(document | {"parameters": {"binary_data_output": bool(binary)}}).encode()
    headers = {"Content-Type": JSON} | ({LENGTH: str(len(header))} if binary else {})
    return Honest("/v2/models/wardrobe/infer", header + binary, headers)


def _sagemaker() -> list[Honest]:
    bodies = {
        "text/csv": (",".join(["0"] * 784) + "\n").encode() * 2,
        "application/jsonlines": (json.dumps({"pixels": ROWS}) + "\n").encode() * 2,
        JSON: json.dumps({"instances": [ROWS, {"b64": PICTURE}]}).encode(),
        "image/png": png(),
    }
    return [Honest("/invocations", body, {"Content-Type": kind}) for kind, body in bodies.items()]
