"""Real little releases for tests: an ONNX graph that runs, its golden answers, a report, a figure.

Everything is drawn from a seed, so the same arguments give the same bytes. No TensorFlow is needed:
model.keras is a stand-in, which is never opened where model.onnx is served.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnx import TensorProto, numpy_helper, parser
from pydantic import JsonValue

from inference.arrays import PixelsBatch
from inference.contract import (
    GREY_28,
    LABEL,
    Familiarity,
    Head,
    InputContract,
    ModelContract,
)
from model_store.assemble import make_single_release_network, seal_release
from model_store.manifest import DataSet, GoldenAnswers, Headline, Manifest, ReleaseNetwork
from model_store.publish import publish_release
from model_store.store import open_store
from reports.answers import NO_ANSWERS, TEST_SET, Answers
from reports.answers_file import ANSWERS_FILE, parse_answers, serialize_answers
from reports.judge import judge_release
from reports.network_figures import (
    Averages,
    ClassFigures,
    Coverage,
    Epoch,
    Example,
    Examples,
    ModelFigures,
    SplitFigures,
    TestFigures,
    TrainingFigures,
)
from reports.promises import AcceptPoint, PossiblePromise, ProductPromise
from reports.values import Report
from reports.word_figures import WordFigures
from tests.uploads import a_garment, png

LABELS = (
    *("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat"),
    *("Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"),
)
CREATED_AT = datetime(2026, 11, 20, 10, 15, tzinfo=UTC)
TEST_SHA256 = "e" * 64
PER_CLASS = 1000


def a_release(
    folder: Path,
    *,
    labels: Sequence[str] = LABELS,
    accuracy: float = 0.93,
    seed: int = 0,
    created_at: datetime = CREATED_AT,
    test_sha256: str = TEST_SHA256,
    per_class: int = PER_CLASS,
    reads: InputContract = GREY_28,
    right: NDArray[np.bool_] | None = None,
    keeps_answers: bool = True,
    acceptance: dict[str, tuple[AcceptPoint, ...]] | None = None,
    possible_promises: tuple[PossiblePromise, ...] = (),
    products: Mapping[str, ProductPromise] | None = None,
    words: WordFigures | None = None,
    extra: Mapping[str, str] | None = None,
    photos: InputContract | None = None,
    attributes: Mapping[str, Head] | None = None,
    settings: Mapping[str, JsonValue] | None = None,
    least_familiarity: float = 0.0,
    further_answers: Answers = NO_ANSWERS,
) -> Path:
    """Write a complete, sealed release that ONNX Runtime can serve.

    Args:
        folder: made if absent; becomes the release.
        labels: as many classes as the graph gets.
        accuracy: 0..1, what its report and manifest claim.
        seed: of the weights; another seed gives another version.
        created_at: the first half of the version.
        test_sha256: the test set that the accuracy claims to be measured on.
        per_class: how many test pictures of each class its manifest claims.
        reads: what its model reads.
        acceptance: what its report says of each threshold.
        possible_promises: what its report says could be promised.
        products: what its report says of products.
        words: what its report says of the words of lists.
        extra: texts of further files, by path.
        photos: what a second network reads, which answers photos; None for a release without one.
        attributes: what the network that answers photos, or the only one, answers beside the class.
        right: bool (N,), which pictures of that it answers rightly; None for some.
        keeps_answers: whether it keeps its answers to these.
        settings: of its training, as its manifest records them.
        least_familiarity: below which the class of a picture is unfamiliar; the brighter, the less familiar.
        further_answers: that it keeps, after those to the test set.

    Returns:
        `folder`.
    """
    (folder / "figures").mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(seed)
    data = DataSet(name="made-up", train_sha256="d" * 64, test_sha256=test_sha256)
    inputs = math.prod(reads.array_shape)
    weights = random.normal(0, 0.2, (inputs, len(labels))).astype(np.float32)
    heads = attributes or {}
    of_first = heads if photos is None else {}
    (folder / "model.onnx").write_bytes(a_graph(weights, reads.array_shape, of_first))
    (folder / "model.keras").write_bytes(b"stand-in for model.keras " + random.bytes(2000))
    report = a_report(labels, accuracy, data).model_copy(
        update={
            "acceptance": acceptance or {},
            "possible_promises": possible_promises,
            "products": products or {},
            "words": words,
        }
    )
    (folder / "report.json").write_bytes(report.serialize())
    if keeps_answers:
        n = per_class * len(labels)
        if right is None:
            right = np.random.default_rng(round(1000 * accuracy)).permutation(n) < round(accuracy * n)
        kept = _answers_file(right.tobytes())
        if len(further_answers):
            kept = serialize_answers(parse_answers(kept) + further_answers)
        (folder / ANSWERS_FILE).write_bytes(kept)
    (folder / "figures" / "confusion-matrix.png").write_bytes(png(a_garment(seed)))
    for path, content in (extra or {}).items():
        (folder / path).write_text(content, "utf-8")
    pixels = random.integers(0, 256, (3, *reads.array_shape), np.uint8)
    second = None if photos is None else _photo_network(folder, labels, photos, random, heads)
    golden = GoldenAnswers.from_arrays(pixels, _answers(folder / "model.onnx", pixels))
    first = make_single_release_network(a_contract(labels, reads, of_first, least_familiarity), golden)
    seal_release(
        folder,
        created_at=created_at,
        networks=first if second is None else {"pixels": next(iter(first.values())), "photos": second},
        training={"network": "linear", "seed": seed, **({"settings": dict(settings)} if settings else {})},
        libraries={"onnx": onnx.__version__},
        git_commit=None,
        data=data,
        headline=Headline(
            test_accuracy=accuracy,
            test_n=per_class * len(labels),
            parameters=inputs * len(labels),
            mflops=2 * inputs * len(labels) / 1e6,
        ),
    )
    return folder


@cache
def _answers_file(right: bytes) -> bytes:
    """All pictures of the test set are accepted."""
    wrong = ~np.frombuffer(right, bool)
    names = [f"{place:06}" for place in range(len(wrong))]
    truth = np.zeros(len(wrong), int)
    return serialize_answers(
        Answers.make_answers(TEST_SET, truth, wrong.astype(int), pictures=names, decisions="accept")
    )


def _photo_network(
    folder: Path,
    labels: Sequence[str],
    reads: InputContract,
    random: np.random.Generator,
    attributes: Mapping[str, Head],
) -> ReleaseNetwork:
    """Write the files of a second network, and what the manifest says of it."""
    weights = random.normal(0, 0.05, (math.prod(reads.array_shape), len(labels))).astype(np.float32)
    (folder / "photos.onnx").write_bytes(a_graph(weights, reads.array_shape, attributes))
    (folder / "photos.keras").write_bytes(b"stand-in for photos.keras " + random.bytes(2000))
    pixels = random.integers(0, 256, (2, *reads.array_shape), np.uint8)
    return ReleaseNetwork(
        graph="photos.onnx",
        artifact="photos.keras",
        contract=with_label(a_contract(labels, reads, attributes), temperature=2.0),
        golden=GoldenAnswers.from_arrays(pixels, _answers(folder / "photos.onnx", pixels)),
    )


def a_store(folder: Path, **release: Any) -> str:
    """The address of a folder store whose one release, `folder`/made, is promoted; see `a_release`."""
    made = a_release(folder / "made", **release)
    publish_release(made, open_store(str(folder / "store")), judge_release, author="tests")
    return str(folder / "store")


def a_contract(
    labels: Sequence[str] = LABELS,
    reads: InputContract = GREY_28,
    attributes: Mapping[str, Head] | None = None,
    least_familiarity: float = 0.0,
) -> ModelContract:
    """Labels and thresholds under which almost everything is accepted."""
    contract = ModelContract.make_class_contract(
        Head(labels=tuple(labels), temperature=1.0, confidence=0.01),
        reads,
        Familiarity(quantiles=tuple(np.linspace(0, 1, 11).tolist()), threshold=least_familiarity),
    )
    return replace(contract, heads={**contract.heads, **(attributes or {})})


def with_label(contract: ModelContract, **changes: Any) -> ModelContract:
    """The contract with another head for the class, of which these attributes differ."""
    return contract.replace_heads({LABEL: replace(contract.class_head, **changes)})


def with_contract(manifest: Manifest, contract: ModelContract) -> Manifest:
    """The manifest of a release with one network, with another contract."""
    ((name, network),) = manifest.networks.items()
    return manifest.model_copy(update={"networks": {name: network.model_copy(update={"contract": contract})}})


def a_graph(
    weights: NDArray[np.float32],
    shape: tuple[int, ...] = GREY_28.array_shape,
    attributes: Mapping[str, Head] | None = None,
) -> bytes:
    """pixels uint8 (N, ...) -> probabilities float32 (N, C), those of attributes, distance float32 (N,).

    Args:
        weights: (784, C) of the one layer.
        shape: of one picture.
        attributes: heads with weights that their name and number of labels say.
    """
    rows, classes = weights.shape
    heads = {f"probabilities_{name}": len(head.labels) for name, head in (attributes or {}).items()}
    outputs = "".join(f"float[N, {labels}] {name}, " for name, labels in heads.items())
    layers = "".join(
        f"scores_of_{name} = MatMul (rows, weights_of_{name})\n"
        f"{name} = Softmax <axis = 1> (scores_of_{name})\n"
        for name in heads
    )
    model = parser.parse_model(f"""
        <ir_version: 8, opset_import: ["" : 17]>
        linear (uint8[N, {", ".join(map(str, shape))}] pixels)
            => (float[N, {classes}] probabilities, {outputs}float[N] distance)
            <float full_scale = {{255}}, int64[2] flat = {{-1, {rows}}}> {{
            numbers = Cast <to = {TensorProto.FLOAT}> (pixels)
            shares = Div (numbers, full_scale)
            rows = Reshape (shares, flat)
            scores = MatMul (rows, weights)
            probabilities = Softmax <axis = 1> (scores)
            {layers}
            squares = Mul (rows, rows)
            distance = ReduceMean <axes = [1], keepdims = 0> (squares)
        }}""")
    model.graph.initializer.append(numpy_helper.from_array(weights, "weights"))
    for name, labels in heads.items():
        drawn = np.random.default_rng([len(name), labels]).normal(0, 0.02, (rows, labels))
        model.graph.initializer.append(
            numpy_helper.from_array(drawn.astype(np.float32), f"weights_of_{name}")
        )
    serialised: bytes = model.SerializeToString()
    return serialised


def _answers(graph: Path, pixels: PixelsBatch) -> dict[str, NDArray[np.float32]]:
    """What a graph answers, by head."""
    session = onnxruntime.InferenceSession(str(graph), providers=["CPUExecutionProvider"])
    names = [one.name for one in session.get_outputs() if one.name != "distance"]
    found = session.run(names, {"pixels": pixels})
    heads = [name.removeprefix("probabilities").removeprefix("_") or "label" for name in names]
    return dict(zip(heads, found, strict=True))


def a_report(labels: Sequence[str], accuracy: float, data: DataSet) -> Report:
    """A report whose figures agree with one another: every class is right `accuracy` of the time."""
    right = round(PER_CLASS * accuracy)
    figures = ClassFigures(precision=accuracy, recall=accuracy, f1=accuracy, support=PER_CLASS)
    whole = figures.model_copy(update={"support": PER_CLASS * len(labels)})
    split = SplitFigures(n=PER_CLASS * len(labels), accuracy=accuracy, loss=0.2)
    example = Example(
        index=0,
        truth=labels[0],
        predicted=labels[-1],
        confidence=1.0,
        probabilities=tuple(float(label == labels[-1]) for label in labels),
    )
    return Report(
        labels=tuple(labels),
        data=data,
        model=ModelFigures(
            network="linear",
            parameters=784 * len(labels),
            mflops=2 * 784 * len(labels) / 1e6,
            bytes={"model.onnx": 31000},
            temperature=1.0,
        ),
        training=TrainingFigures(
            seed=0,
            epochs=1,
            best_epoch=1,
            seconds=1.5,
            hardware="2 cores",
            libraries={"onnx": onnx.__version__},
            configuration={"network": "linear"},
        ),
        train=split,
        validation=split,
        test=TestFigures(
            **split.model_dump(),
            accuracy_interval=(max(accuracy - 0.01, 0.0), min(accuracy + 0.01, 1.0)),
            confusion_matrix=_confusion(len(labels), right),
            per_class=dict.fromkeys(labels, figures),
            averages=Averages(macro=whole, weighted=whole),
            ece=0.02,
            ece_before=0.04,
            nll_before=0.25,
            decisions=Coverage(
                confidence_threshold=0.01, familiarity_threshold=0.0, coverage=1.0, accuracy=accuracy
            ),
        ),
        examples=Examples(wrong=(example,), right=()),
        history=(
            Epoch(epoch=1, loss=0.3, accuracy=accuracy, val_loss=0.3, val_accuracy=accuracy, seconds=1.5),
        ),
    )


def _confusion(classes: int, right: int) -> tuple[tuple[int, ...], ...]:
    matrix = np.diag(np.full(classes, right))
    matrix += np.roll(np.diag(np.full(classes, PER_CLASS - right)), 1, axis=1)
    return tuple(tuple(row) for row in matrix.tolist())
