"""`python -m scripts.adopt`: hand-made models of every kind become releases that answer as Keras does."""

import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from flask.testing import FlaskClient
from keras import layers
from numpy.typing import NDArray

from app.factory import create_app
from app.settings import Settings
from inference.errors import ModelUnreadable
from inference.keras_session import KerasSession
from model_store.promotions import current
from model_store.store import open_store
from reports.values import Report, parse_report
from scripts import adopt, evaluate
from tests.fashion import CLASSES, striped_pictures, write_idx_folder
from tests.own_pictures import write_class_folders
from tests.uploads import png
from training.errors import BadClasses, GraphUnusable, NotAdoptable
from training.pictures.split import split

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


def in_order(given: Any) -> Any:
    return keras.Sequential([layers.Rescaling(1 / 255), layers.Flatten(), layers.Dense(8)])(given)


def augmented(given: Any) -> Any:
    changed = layers.RandomRotation(0.2)(layers.RandomFlip()(layers.Resizing(20, 20)(given)))
    return layers.Flatten()(layers.BatchNormalization()(layers.Conv2D(2, 3)(changed)))


def smooth(given: Any) -> Any:
    hidden = layers.Dense(16, activation="gelu")(layers.Flatten()(layers.Rescaling(1 / 255)(given)))
    return layers.Dense(8, activation="celu")(hidden)


def in_both_directions(given: Any) -> Any:
    rows = layers.Reshape((28, 28))(layers.Rescaling(1 / 255)(given))
    return layers.Bidirectional(layers.LSTM(4))(
        layers.Bidirectional(layers.GRU(4, return_sequences=True))(rows)
    )


def with_constants(given: Any) -> Any:
    return layers.Flatten()(layers.Normalization(mean=70.0, variance=8100.0)(given))


def halved(given: Any) -> Any:
    return layers.Flatten()(layers.Conv2D(1, 5, strides=2, dtype="mixed_float16")(given))


KINDS = {
    "picture of bytes, divides itself": HandMade(
        (28, 28), divided, (layers.Dense(CLASSES, "softmax"),), "uint8"
    ),
    "channel, rescales, logits": HandMade((28, 28, 1), normalised, (layers.Dense(CLASSES, name="logits"),)),
    "flat row, fed 0..1, logits": HandMade((784,), flat, (layers.Dropout(0.5), layers.Dense(CLASSES))),
    "ends in layers around others": HandMade(
        (28, 28), in_order, (layers.Dense(CLASSES), layers.Activation("softmax"))
    ),
    "computes in halves": HandMade(
        (28, 28, 1), halved, (layers.Dense(CLASSES, "softmax", dtype="mixed_float16"),)
    ),
    "augments and resizes": HandMade((28, 28, 1), augmented, (layers.Dense(CLASSES, "softmax"),)),
    "gelu and celu": HandMade((28, 28, 1), smooth, (layers.Dense(CLASSES, tf.nn.softmax),)),
    "recurrent in both directions": HandMade(
        (28, 28, 1), in_both_directions, (layers.Dense(CLASSES, tf.nn.silu),)
    ),
    "constants": HandMade((28, 28, 1), with_constants, (layers.Dense(CLASSES, "softmax"),)),
    "no dense layer at the end": HandMade(
        (28, 28, 1), layers.Conv2D(CLASSES, 5, strides=5), (layers.GlobalMaxPooling2D(), layers.Softmax())
    ),
}
FLAT = KINDS["flat row, fed 0..1, logits"]


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


def adopted(model: Path, data: Path, *more: str) -> Adopted:
    """Adopt a model into a store beside it."""
    store = model.parent / "store"
    told = [str(model), "--data", str(data), "--run", str(model.parent / "run"), "--out", str(store), *more]
    assert adopt.main([*told, "--force"]) == 0  # most have weights from a seed, no better than chance
    release = store / "releases" / current(open_store(str(store))).version
    return Adopted(model, store, release, parse_report((release / "report.json").read_bytes(), "report.json"))


def answers_of_keras(made: Adopted) -> NDArray[np.float32]:
    """What the model itself says of PICTURES, by the scale that was taken."""
    session = KerasSession(made.model)
    session.divide_by(float(str(made.report.training.configuration["divisor_added"])))
    return session.run(PICTURES.images).probabilities


def client(made: Adopted, cache_folder: Path) -> FlaskClient:
    """A client of a service on the store that the model was adopted into."""
    settings = {"model_store": str(made.store), "cache_dir": cache_folder, "refresh_seconds": 0}
    return create_app(Settings.model_validate(settings)).test_client()


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_the_service_answers_what_keras_finds_likeliest(
    kind: HandMade, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = adopted(saved(kind, tmp_path), data)
    service = client(made, tmp_path / "cache")

    answers = [service.post("/predict", data=png(pixels)).get_json() for pixels in PICTURES.images]

    # Halves round otherwise in a batch than alone, so classes that are as good as even may change places.
    classes, halves = [answer["class_id"] for answer in answers], kind is KINDS["computes in halves"]
    expected = answers_of_keras(made)
    likeliest = expected[np.arange(len(classes)), classes]
    assert likeliest == pytest.approx(expected.max(axis=1), abs=0.02 if halves else 1e-5)
    without_features = kind is KINDS["no dense layer at the end"]
    assert {answer["familiarity"] is None for answer in answers} == {without_features}
    assert ("nothing will be `unfamiliar`" in capsys.readouterr().err) is without_features


def test_its_artifact_reads_raw_pixels_and_the_report_says_what_is_not_known(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = [f"shelf {number}" for number in range(CLASSES)]

    made = adopted(saved(FLAT, tmp_path), data, "--labels", ", ".join(names), "--by", "ann", "--json")

    told, said = capsys.readouterr()
    artifact = keras.saving.load_model(made.release / "model.keras", compile=False)
    expected = answers_of_keras(made)
    (pixels,), training, report = artifact.inputs, made.report.training, made.report
    unknown = (training.seed, training.epochs, training.best_epoch, training.seconds, training.hardware)
    assert (pixels.name, pixels.dtype, pixels.shape) == ("pixels", "uint8", (None, 28, 28))
    assert artifact(PICTURES.images, training=False).numpy() == pytest.approx(expected, abs=1e-5)
    assert json.loads(told)["version"] == made.release.name
    assert "may have seen the held-out pictures" in " ".join(said.split())
    assert (*unknown, report.history) == (None, None, None, None, None, ())
    assert (training.configuration["saved_by"], list(report.labels)) == (keras.__version__, names)
    held_out = len(split(striped_pictures(240), CLASSES).validation)
    assert (report.train.n, report.validation.n, report.test.n) == (240 - held_out, held_out, 60)
    assert current(open_store(str(made.store))).by == "ann"
    assert sorted(path.name for path in (made.release / "figures").iterdir()) == [
        "confusion_matrix.png",
        "examples.png",
        "reliability.png",
    ]


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


def by_brightness(given: Any) -> Any:
    """The row in which a striped picture's bar lies, by weights that need no training."""
    rows = layers.Reshape((28, 28))(given)
    return layers.GlobalAveragePooling1D(data_format="channels_first")(rows)


def reads_rows(scale: float, folder: Path) -> Path:
    """A model that recognises the striped pictures, if its input is 0 to `scale`."""
    given = keras.Input((28, 28, 1))
    # A brighter row than most saturates it where the scale is another one.
    row_means = layers.Activation("relu")(by_brightness(given) - 0.4 * scale)
    saturated = layers.ReLU(max_value=0.1 * scale)(row_means)
    dense = layers.Dense(CLASSES, use_bias=False)
    model = keras.Model(given, dense(saturated))
    weights = np.zeros((28, CLASSES), np.float32)
    for label in range(CLASSES):
        weights[4 + 2 * label : 6 + 2 * label, label] = 1 / scale
    dense.set_weights([weights])
    model.save(folder / "mine.keras")
    return folder / "mine.keras"


@pytest.mark.parametrize(("scale", "divisor"), [(255.0, 1.0), (1.0, 255.0)])
def test_the_scale_that_answers_more_pictures_right_is_taken_and_said(
    scale: float, divisor: float, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model, store = reads_rows(scale, tmp_path), tmp_path / "store"

    status = adopt.main([str(model), "--data", str(data), "--run", str(tmp_path), "--out", str(store)])

    report = parse_report((tmp_path / "release" / "report.json").read_bytes(), "report.json")
    assert status == 0
    assert report.training.configuration["divisor_added"] == divisor
    assert report.test.accuracy == 1
    assert f"reads {'0..1' if divisor != 1 else '0..255'}: of" in " ".join(capsys.readouterr().out.split())


def test_a_model_that_is_hardly_better_than_chance_is_not_released_without_force(
    data: Path, tmp_path: Path
) -> None:
    model = saved(FLAT, tmp_path)
    told = [str(model), "--data", str(data), "--run", str(tmp_path), "--out", str(tmp_path / "store")]

    with pytest.raises(NotAdoptable, match=r"held-out pictures are right; chance is 10%.*--force") as raised:
        adopt.main(told)

    assert len(str(raised.value)) <= LONGEST
    assert not (tmp_path / "store").exists()
    assert adopt.main([*told, "--force"]) == 0


LONGEST = 300
"""Characters of a message."""


def test_a_layer_that_onnx_has_not_is_named(data: Path, tmp_path: Path) -> None:
    def into_bins(given: Any) -> Any:
        binned = layers.Discretization(bin_boundaries=[50.0, 100.0], name="bins")(given)
        return layers.Flatten()(layers.Rescaling(1.0)(binned))

    model = saved(HandMade((28, 28), into_bins, (layers.Dense(CLASSES),)), tmp_path)
    told = [str(model), "--data", str(data), "--run", str(tmp_path), "--out", str(tmp_path / "store")]

    with pytest.raises(GraphUnusable, match=r"the layer 'bins' uses Bucketize") as raised:
        adopt.main([*told, "--force"])

    assert len(str(raised.value)) <= LONGEST


def keras_2(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("metadata.json", json.dumps({"keras_version": "2.15.0"}))
        archive.writestr("config.json", "{}")


def a_zip(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("weights.bin", "")


def of_hdf5(path: Path) -> None:
    path.write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(2000))


@pytest.mark.parametrize(
    ("name", "write", "said"),
    [
        ("old.h5", of_hdf5, "an HDF5 file"),
        ("old.keras", of_hdf5, r"an HDF5 file.*rename it to old\.h5"),
        ("old.keras", keras_2, r"saved by Keras 2\.15\.0\..*model\.save\('model\.h5'\)"),
        ("other.keras", a_zip, "no `.keras` file"),
        ("text.keras", lambda path: path.write_text("model"), "no `.keras` file"),
        ("folder", Path.mkdir, "a folder"),
        ("missing.keras", lambda path: None, "No such file"),
    ],
)
def test_what_is_no_keras_3_file_is_refused_before_anything_is_loaded(
    name: str, write: Callable[[Path], object], said: str, tmp_path: Path
) -> None:
    write(tmp_path / name)

    with pytest.raises(ModelUnreadable, match=said) as raised:
        adopt.main([str(tmp_path / name), "--data", str(tmp_path / "no data"), "--out", str(tmp_path)])

    assert len(str(raised.value)) <= LONGEST


def renamed(model: Path, name: str) -> Path:
    """The model with a layer of a class that Keras does not have in place of its last one."""
    changed = model.with_name("changed.keras")
    with zipfile.ZipFile(model) as given, zipfile.ZipFile(changed, "w") as written:
        for member in given.namelist():
            content = given.read(member)
            if member == "config.json":
                content = content.replace(b'"class_name": "Dense"', f'"class_name": "{name}"'.encode())
            written.writestr(member, content)
    return changed


def test_a_class_of_its_own_is_refused_in_a_short_sentence(data: Path, tmp_path: Path) -> None:
    model = renamed(saved(FLAT, tmp_path), "DenserThanDense" * 20)

    with pytest.raises(ModelUnreadable, match=r"safe mode \(.*DenserThanDense.*of its own") as raised:
        adopt.main([str(model), "--data", str(data), "--out", str(tmp_path / "store")])

    assert len(str(raised.value)) <= LONGEST
