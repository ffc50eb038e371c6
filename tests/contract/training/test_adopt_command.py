"""`python -m scripts.adopt`: hand-made models of every kind become releases that answer as Keras does."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from flask.testing import FlaskClient
from keras import layers

from app.factory import create_app
from app.settings import Settings
from inference.keras_session import KerasSession
from inference.onnx_session import OnnxSession
from model_store.local import open_release
from model_store.promotions import current
from model_store.report import Report, parse_report
from model_store.store import open_store
from scripts import adopt, evaluate
from tests.fashion import CLASSES, striped_pictures, write_idx_folder
from tests.own_pictures import write_class_folders
from tests.uploads import png
from training.errors import BadClasses, NotAdoptable

pytestmark = pytest.mark.slow

PICTURES = striped_pictures(40, seed=5)


@dataclass(frozen=True)
class HandMade:
    """How somebody wrote their model."""

    shape: tuple[int, ...]
    below: Callable[[Any], Any]
    head: tuple[Any, ...]
    dtype: str = "float32"


def rescaled(given: Any) -> Any:
    return layers.Flatten()(layers.Rescaling(1 / 255)(given))


def divided(given: Any) -> Any:
    return layers.Flatten()(given / 255.0)


def normalised(given: Any) -> Any:
    hidden = layers.Conv2D(4, 3, activation="relu")(layers.Rescaling(1 / 127.5, offset=-1)(given))
    return layers.Dense(8, name="features")(
        layers.GlobalAveragePooling2D()(layers.BatchNormalization()(hidden))
    )


def flat(given: Any) -> Any:
    return layers.Dense(16, activation="relu", name="pixels")(layers.Flatten()(given))


def halved(given: Any) -> Any:
    return layers.Flatten()(layers.Conv2D(1, 5, strides=2, dtype="mixed_float16")(given))


WITH_DISTANCE = {
    "picture, rescales, softmax": HandMade((28, 28), rescaled, (layers.Dense(CLASSES, "softmax"),)),
    "picture of bytes, divides itself": HandMade(
        (28, 28), divided, (layers.Dense(CLASSES, "softmax"),), "uint8"
    ),
    "channel, logits": HandMade((28, 28, 1), normalised, (layers.Dense(CLASSES, name="logits"),)),
    "channel, fed 0..1": HandMade((28, 28, 1), flat, (layers.Dense(CLASSES), layers.Softmax())),
    "flat row, fed 0..1, logits": HandMade((784,), flat, (layers.Dropout(0.5), layers.Dense(CLASSES))),
}
WITHOUT_DISTANCE = {
    "more features than are measured": HandMade(
        (28, 28, 1), lambda given: layers.Flatten()(layers.Conv2D(2, 3)(given)), (layers.Dense(CLASSES),)
    ),
    "no dense layer at the end": HandMade(
        (28, 28, 1), layers.Conv2D(CLASSES, 5, strides=5), (layers.GlobalMaxPooling2D(), layers.Softmax())
    ),
}
IN_HALVES = {
    "flat row of halves": HandMade((784,), flat, (layers.Dense(CLASSES, "softmax"),), "float16"),
    "computes in halves": HandMade(
        (28, 28, 1), halved, (layers.Dense(CLASSES, "softmax", dtype="mixed_float16"),)
    ),
}
EXACT = WITH_DISTANCE | WITHOUT_DISTANCE


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    write_idx_folder(folder, train=240, test=60)
    return folder


def saved(kind: HandMade, folder: Path) -> Path:
    """The model with weights from a seed."""
    keras.utils.set_random_seed(3)
    given = keras.Input(kind.shape, dtype=kind.dtype)
    scores = kind.below(given)
    for layer in kind.head:
        scores = layer(scores)
    keras.Model(given, scores).save(folder / "mine.keras")
    return folder / "mine.keras"


@dataclass(frozen=True)
class Adopted:
    """A model and what became of it."""

    model: Path
    store: Path
    release: Path
    report: Report


AdoptOnce = Callable[[HandMade], Adopted]


def adopted(model: Path, data: Path, *more: str) -> Adopted:
    """Adopt a model into a store beside it."""
    store = model.parent / "store"
    told = [str(model), "--data", str(data), "--run", str(model.parent / "run"), "--out", str(store), *more]
    assert adopt.main(told) == 0
    release = store / "releases" / current(open_store(str(store))).version
    return Adopted(model, store, release, parse_report((release / "report.json").read_bytes(), "report.json"))


@pytest.fixture(scope="module")
def adopted_once(data: Path, tmp_path_factory: pytest.TempPathFactory) -> AdoptOnce:
    """Adopts each kind of model when it is first asked for; tests must not change what it gives."""
    return cache(lambda kind: adopted(saved(kind, tmp_path_factory.mktemp("adopted")), data))


def client(made: Adopted, cache_folder: Path) -> FlaskClient:
    """A client of a service on the store that the model was adopted into."""
    settings = {"model_store": str(made.store), "cache_dir": cache_folder, "refresh_seconds": 0}
    return create_app(Settings.model_validate(settings)).test_client()


@pytest.mark.parametrize(
    ("kind", "allowed"),
    [*((kind, 1e-5) for kind in EXACT.values()), *((kind, 0.02) for kind in IN_HALVES.values())],
    ids=EXACT | IN_HALVES,
)
def test_the_service_answers_what_keras_finds_likeliest(
    kind: HandMade, allowed: float, adopted_once: AdoptOnce, tmp_path: Path
) -> None:
    made = adopted_once(kind)
    service = client(made, tmp_path)

    answers = [
        service.post("/predict", data=png(pixels)).get_json()["class_id"] for pixels in PICTURES.images
    ]

    # Halves round otherwise in a batch than alone, so classes that are as good as even may change places.
    expected = KerasSession(made.model).run(PICTURES.images).probabilities
    assert expected[np.arange(len(answers)), answers] == pytest.approx(expected.max(axis=1), abs=allowed)


@pytest.mark.parametrize("kind", WITH_DISTANCE.values(), ids=WITH_DISTANCE)
def test_its_artifact_reads_raw_pixels_and_its_graph_measures_a_distance(
    kind: HandMade, adopted_once: AdoptOnce
) -> None:
    made = adopted_once(kind)

    artifact = keras.saving.load_model(made.release / "model.keras", compile=False)
    given = artifact(PICTURES.images, training=False).numpy()
    distances = OnnxSession(made.release / "model.onnx").run(PICTURES.images).distances

    (pixels,) = artifact.inputs
    assert (pixels.name, pixels.dtype, pixels.shape) == ("pixels", "uint8", (None, 28, 28))
    assert given.sum(axis=1) == pytest.approx(1, abs=1e-5)
    assert given == pytest.approx(KerasSession(made.model).run(PICTURES.images).probabilities, abs=1e-5)
    assert distances is not None
    assert np.isfinite(distances).all()
    assert open_release(made.release).manifest.model.familiarity is not None


@pytest.mark.parametrize("kind", WITHOUT_DISTANCE.values(), ids=WITHOUT_DISTANCE)
def test_without_one_nothing_is_unfamiliar(kind: HandMade, adopted_once: AdoptOnce, tmp_path: Path) -> None:
    service = client(adopted_once(kind), tmp_path)

    answer = service.post("/predict", data=png(PICTURES.images[0])).get_json()

    assert (answer["familiarity"], answer["reason"] in {None, "ambiguous"}) == (None, True)


def test_the_report_says_what_is_not_known(adopted_once: AdoptOnce) -> None:
    made = adopted_once(WITH_DISTANCE["channel, fed 0..1"])

    training, report = made.report.training, made.report
    unknown = (training.seed, training.epochs, training.best_epoch, training.seconds, training.hardware)
    assert (*unknown, report.history) == (None, None, None, None, None, ())
    assert str(training.configuration["origin"]).startswith("adopted: how it was trained is not known")
    assert training.configuration["saved_by"] == keras.__version__
    assert (report.train.n, report.validation.n, report.test.n) == (220, 20, 60)
    assert (report.data.name, report.model.parameters) == ("other pictures in Fashion-MNIST's form", 12_730)
    assert sorted(path.name for path in (made.release / "figures").iterdir()) == [
        "confusion_matrix.png",
        "examples.png",
        "reliability.png",
    ]


def test_labels_of_ones_own_and_who_adopted_it_are_kept(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = [f"shelf {number}" for number in range(CLASSES)]
    model = saved(WITH_DISTANCE["picture, rescales, softmax"], tmp_path)

    made = adopted(model, data, "--labels", ", ".join(names), "--by", "ann", "--json")

    told, said = capsys.readouterr()
    assert json.loads(told)["version"] == made.release.name
    assert client(made, tmp_path / "cache").get("/model").get_json()["labels"] == names
    assert list(made.report.labels) == names
    assert current(open_store(str(made.store))).by == "ann"
    assert "may have seen the held-out pictures" in " ".join(said.split())


def test_classes_in_folders_take_the_order_of_the_models_outputs(tmp_path: Path) -> None:
    data = write_class_folders(tmp_path / "things", 12)
    model = saved(HandMade((28, 28), rescaled, (layers.Dense(3, "softmax"),)), tmp_path)

    made = adopted(model, data, "--labels", "Stick,Ball,Box")

    assert made.report.labels == ("Stick", "Ball", "Box")
    assert evaluate.main([str(made.release), "--data", str(data)]) == 0
    with pytest.raises(BadClasses, match="the classes Ball, Box, Stick, but the model Ball, Box, Cup"):
        adopt.main([str(model), "--data", str(data), "--labels", "Ball,Box,Cup", "--out", str(made.store)])


def test_outputs_without_a_label_are_refused(data: Path, tmp_path: Path) -> None:
    model = saved(HandMade((28, 28), rescaled, (layers.Dense(3),)), tmp_path)
    told = [str(model), "--data", str(data), "--run", str(tmp_path), "--out", str(tmp_path / "store")]

    with pytest.raises(NotAdoptable, match=r"3 outputs, but 10 labels .* --labels names them"):
        adopt.main(told)
    with pytest.raises(BadClasses, match="pictures of class 9, but the model knows 3: hat, scarf, glove"):
        adopt.main([*told, "--labels", "hat,scarf,glove"])
