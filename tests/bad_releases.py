"""Releases that must not be served: each a real little release with one thing wrong, published and promoted.

`BAD` is the list; tests go through it. What is wrong is either in the store alone (damaged after publishing)
or sealed in, as a broken trainer would.
"""

import json
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from inference.contract import EDGE
from model_store.assemble import seal
from model_store.catalogue import file_key
from model_store.local import open_release
from model_store.manifest import SCHEMA_VERSION, Golden, parse_manifest
from model_store.promotions import Promotion, append, newest
from model_store.publish import publish
from model_store.store import Store
from tests.releases import LABELS, a_release

Publish = Callable[[Path, Store], Promotion]


def corrupt(folder: Path, store: Store) -> Promotion:
    """One bit of the model flipped in the store."""
    return _with_file(folder, store, "model.onnx", lambda data: _flip(data, len(data) // 2))


def truncated(folder: Path, store: Store) -> Promotion:
    """Half of the model gone from the store."""
    return _with_file(folder, store, "model.onnx", lambda data: data[: len(data) // 2])


def missing(folder: Path, store: Store) -> Promotion:
    """A file gone from the store."""
    promotion = _published(a_release(folder, seed=_seed()), store)
    store.delete(file_key(promotion.version, "report.json"))
    return promotion


def junk_manifest(folder: Path, store: Store) -> Promotion:
    """A manifest that is no JSON."""
    return _with_file(folder, store, "manifest.json", lambda data: data[:100])


def newer_schema(folder: Path, store: Store) -> Promotion:
    """A manifest of the schema after ours."""

    def newer(data: bytes) -> bytes:
        return json.dumps(json.loads(data) | {"schema_version": SCHEMA_VERSION + 1}).encode()

    return _with_file(folder, store, "manifest.json", newer)


def wrong_inputs(folder: Path, store: Store) -> Promotion:
    """A graph that reads other pictures than ours."""
    return _with_graph(folder, store, _graph(pixels=("N", 32, 32), classes=len(LABELS)))


def wrong_outputs(folder: Path, store: Store) -> Promotion:
    """A graph with more outputs than there are labels."""
    return _with_graph(folder, store, _graph(pixels=("N", EDGE, EDGE), classes=len(LABELS) + 1))


def cannot_run(folder: Path, store: Store) -> Promotion:
    """A graph whose shapes are promised right and do not fit inside."""
    return _with_graph(folder, store, _graph(pixels=("N", EDGE, EDGE), classes=len(LABELS), rows=500))


def no_graph(folder: Path, store: Store) -> Promotion:
    """A serving graph that is none."""
    return _with_graph(folder, store, b"no graph at all")


def nan_producing(folder: Path, store: Store) -> Promotion:
    """A graph whose weights are NaN."""
    return _with_graph(folder, store, _graph(pixels=("N", EDGE, EDGE), classes=len(LABELS), weight=np.nan))


def other_golden_answers(folder: Path, store: Store) -> Promotion:
    """Golden answers that this graph never gave."""
    made = open_release(a_release(folder, seed=_seed()))
    answers = np.roll(made.manifest.golden.answers(), 1, axis=1)
    return _published(_resealed(folder, Golden.of(made.manifest.golden.inputs(), answers)), store)


def no_golden(folder: Path, store: Store) -> Promotion:
    """A manifest without a golden picture."""
    nothing = {"pixels": "", "probabilities": []}
    return _with_manifest(folder, store, lambda manifest: manifest["golden"].update(nothing))


def ragged_golden(folder: Path, store: Store) -> Promotion:
    """Golden answers of which one has a value too few."""
    return _with_manifest(folder, store, lambda manifest: manifest["golden"]["probabilities"][0].pop())


def no_temperature(folder: Path, store: Store) -> Promotion:
    """A calibration that divides by zero."""
    return _with_manifest(folder, store, lambda manifest: manifest["model"].update(temperature=0.0))


def empty_familiarity(folder: Path, store: Store) -> Promotion:
    """A contract that reads familiarity from no quantiles."""
    return _with_manifest(
        folder, store, lambda manifest: manifest["model"].update(familiarity={"quantiles": []})
    )


def report_of_others(folder: Path, store: Store) -> Promotion:
    """A report that lacks a column of the confusion matrix."""
    return _with_report(folder, store, lambda test: [row.pop() for row in test["confusion_matrix"]])


def report_of_nothing(folder: Path, store: Store) -> Promotion:
    """A report that was measured on no picture."""
    return _with_report(folder, store, lambda test: test.update(confusion_matrix=[]))


BAD: dict[Publish, str] = {
    corrupt: r"model\.onnx: sha256 .* but manifest\.json says",
    truncated: r"model\.onnx: \d+ bytes, but manifest\.json says \d+",
    missing: r"report\.json",
    junk_manifest: "manifest",
    newer_schema: f"schema version {SCHEMA_VERSION + 1}, but this code reads up to {SCHEMA_VERSION}",
    wrong_inputs: "the graph's inputs are",
    wrong_outputs: "The model has 11 outputs, but its contract names 10",
    cannot_run: "The graph cannot be run",
    no_graph: "ONNX Runtime cannot load it",
    nan_producing: "answered NaN or infinity",
    other_golden_answers: "answers to its golden pictures differ",
    no_golden: r"golden\.probabilities: Tuple should have at least 1 item",
    ragged_golden: r"golden\.probabilities: .* A row has one value",
    no_temperature: r"model: temperature 0\.0: it has to be a number above 0",
    empty_familiarity: r"model: familiarity\.quantiles: at least two, ascending",
    report_of_others: r"report\.json .*: test\.confusion_matrix needs 10 rows and columns",
    report_of_nothing: r"report\.json .*: test\.confusion_matrix needs 10 rows and columns",
}
"""Each bad release, and the words in which it is refused."""


def _seed() -> int:
    return secrets.randbelow(1 << 31)


def _published(folder: Path, store: Store) -> Promotion:
    promotion = publish(folder, store, by="tests", force=True).promotion
    assert promotion is not None
    return promotion


def _with_file(folder: Path, store: Store, name: str, change: Callable[[bytes], bytes]) -> Promotion:
    """Publish a good release without promoting it, change one file in the store, promote."""
    manifest = publish(a_release(folder, seed=_seed()), store, by="tests", promote=False).manifest
    changed = folder / f"changed-{name}"
    changed.write_bytes(change((folder / name).read_bytes()))
    store.upload(file_key(manifest.version, name), changed)
    return append(store, manifest.version, "promote", "tests", newest(store))


def _with_manifest(folder: Path, store: Store, change: Callable[[Any], object]) -> Promotion:
    def changed(data: bytes) -> bytes:
        manifest = json.loads(data)
        change(manifest)
        return json.dumps(manifest).encode()

    return _with_file(folder, store, "manifest.json", changed)


def _with_report(folder: Path, store: Store, change: Callable[[Any], object]) -> Promotion:
    golden = open_release(a_release(folder, seed=_seed())).manifest.golden
    report = json.loads((folder / "report.json").read_bytes())
    change(report["test"])
    (folder / "report.json").write_text(json.dumps(report), "utf-8")
    return _published(_resealed(folder, golden), store)


def _flip(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def _with_graph(folder: Path, store: Store, graph: bytes) -> Promotion:
    golden = open_release(a_release(folder, seed=_seed())).manifest.golden
    (folder / "model.onnx").write_bytes(graph)
    return _published(_resealed(folder, golden), store)


def _resealed(folder: Path, golden: Golden) -> Path:
    manifest = parse_manifest((folder / "manifest.json").read_bytes(), str(folder))
    seal(
        folder,
        created_at=manifest.created_at,
        model=manifest.model,
        golden=golden,
        training=manifest.training,
        libraries=manifest.libraries,
        git_commit=None,
        data=manifest.data,
        headline=manifest.headline,
    )
    return folder


def _graph(
    pixels: tuple[str, int, int], classes: int, *, rows: int | None = None, weight: float = 0.01
) -> bytes:
    """pixels uint8 -> probabilities float32, through weights that are all the same."""
    weights = np.full((rows or pixels[1] * pixels[2], classes), weight, np.float32)
    graph = helper.make_graph(
        [
            helper.make_node("Cast", ["pixels"], ["numbers"], to=TensorProto.FLOAT),
            helper.make_node("Reshape", ["numbers", "flat"], ["row"]),
            helper.make_node("MatMul", ["row", "weights"], ["scores"]),
            helper.make_node("Softmax", ["scores"], ["probabilities"], axis=1),
        ],
        "bad",
        [helper.make_tensor_value_info("pixels", TensorProto.UINT8, list(pixels))],
        [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["N", classes])],
        [
            numpy_helper.from_array(np.array([0, -1] if rows is None else [-1, rows], np.int64), "flat"),
            numpy_helper.from_array(weights, "weights"),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    serialised: bytes = model.SerializeToString()
    return serialised
