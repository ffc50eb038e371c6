"""Releases that must not be served: each a real little release with one thing wrong, published and promoted.

`BAD` is the list; tests go through it. What is wrong is either in the store alone (damaged after publishing)
or sealed in, as a broken trainer would. More faults of manifests and files: test_manifest.py, test_verify.py.
"""

import hashlib
import json
import secrets
from collections.abc import Callable
from pathlib import Path

import numpy as np

from model_store.assemble import seal
from model_store.catalogue import file_key, manifest_key
from model_store.local import open_release
from model_store.manifest import SCHEMA_VERSION, Golden, parse_manifest
from model_store.promotions import Promotion, append, newest
from model_store.publish import publish
from model_store.store import Store
from reports.judge import forced
from tests.releases import a_graph, a_release

Publish = Callable[[Path, Store], Promotion]


def corrupt(folder: Path, store: Store) -> Promotion:
    """One bit of the model flipped in the store."""
    release = _made(folder)
    manifest = publish(release, store, forced, by="tests", promote=False).manifest
    data = (release / "model.onnx").read_bytes()
    (folder / "changed").write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    store.upload(file_key(manifest.version, "model.onnx"), folder / "changed")
    return append(store, manifest.version, "promote", "tests", newest(store))


def of_a_newer_wardrobe(folder: Path, store: Store) -> Promotion:
    """A manifest of a schema that this code does not know."""
    manifest = publish(_made(folder), store, forced, by="tests", promote=False).manifest
    newer = json.loads((folder / "manifest.json").read_bytes()) | {"schema_version": SCHEMA_VERSION + 1}
    (folder / "changed").write_text(json.dumps(newer), "utf-8")
    store.upload(manifest_key(manifest.version), folder / "changed")
    return append(store, manifest.version, "promote", "tests", newest(store))


def nan_producing(folder: Path, store: Store) -> Promotion:
    """A graph whose weights are NaN."""
    (_made(folder) / "model.onnx").write_bytes(a_graph(np.full((784, 10), np.nan, np.float32)))
    return _sealed(folder, store)


def other_golden_answers(folder: Path, store: Store) -> Promotion:
    """Golden answers that this graph never gave."""
    manifest = open_release(_made(folder)).manifest
    network = manifest.network("pixels")
    pixels, answers = network.golden.inputs(network.contract.input), network.golden.probabilities()
    others = Golden.of(pixels, {"label": np.roll(answers["label"], 1, axis=1)})
    return _sealed(folder, store, others)


def a_file_that_is_a_folder(folder: Path, store: Store) -> Promotion:
    """A manifest that names `figures` beside what lies in it."""
    manifest = publish(_made(folder), store, forced, by="tests", promote=False).manifest
    changed = json.loads((folder / "manifest.json").read_bytes())
    changed["files"]["figures"] = {"sha256": hashlib.sha256(b"").hexdigest(), "size": 0}
    (folder / "changed").write_text(json.dumps(changed), "utf-8")
    store.upload(manifest_key(manifest.version), folder / "changed")
    return append(store, manifest.version, "promote", "tests", newest(store))


def report_of_others(folder: Path, store: Store) -> Promotion:
    """A report that lacks a row of the confusion matrix."""
    path = _made(folder) / "report.json"
    report = json.loads(path.read_bytes())
    report["test"]["confusion_matrix"].pop()
    path.write_text(json.dumps(report), "utf-8")
    return _sealed(folder, store)


BAD: dict[Publish, str] = {
    of_a_newer_wardrobe: rf"schema version {SCHEMA_VERSION + 1}, but this code reads up to",
    corrupt: r"model\.onnx: sha256 .* but manifest\.json says",
    nan_producing: "answered NaN or infinity",
    other_golden_answers: "answers to its golden pictures differ",
    a_file_that_is_a_folder: "figures is a file and a folder in manifest.json",
    report_of_others: r"report\.json .*: test\.confusion_matrix needs 10 rows and columns",
}
"""Each bad release, and the words in which it is refused."""


def _made(folder: Path) -> Path:
    return a_release(folder, seed=secrets.randbelow(1 << 31), keeps_answers=False)


def _sealed(folder: Path, store: Store, golden: Golden | None = None) -> Promotion:
    """Seal a folder as it is now, and publish it."""
    manifest = parse_manifest((folder / "manifest.json").read_bytes(), str(folder))
    seal(
        folder,
        created_at=manifest.created_at,
        networks={
            name: one.model_copy(update={"golden": golden or one.golden})
            for name, one in manifest.networks.items()
        },
        training=manifest.training,
        libraries=manifest.libraries,
        git_commit=None,
        data=manifest.data,
        headline=manifest.headline,
    )
    promotion = publish(folder, store, forced, by="tests").promotion
    assert promotion is not None
    return promotion
