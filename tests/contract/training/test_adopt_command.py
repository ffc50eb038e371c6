"""`python -m scripts.adopt`: hand-made models of every kind become releases that answer as Keras does."""

import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from inference.errors import ContractBroken, ModelUnreadable
from inference.sessions.keras_session import KerasSession
from inference.sessions.onnx_session import OnnxSession
from model_store.local_releases import LocalRelease, open_release
from model_store.promotions import read_current_promotion
from model_store.release_files import GRAPH_FILE
from model_store.store import open_store
from reports.values import read_report
from tests.commands import wardrobe
from tests.contract.training.conftest import current_in, served
from tests.fashion import CLASSES, idx_bytes, striped_pictures, write_idx_folder
from tests.own_pictures import write_class_folders
from tests.uploads import png
from training.data.fashion import LabelledData
from training.data.pixel_files import read_idx_file
from training.data.split import hold_out_pictures
from training.errors import DataError, ExportError
from training.progress import ProgressLines
from training.release import adopt

pytestmark = pytest.mark.slow

Made = Callable[[], Any]
"""Builds a model."""

PICTURES = striped_pictures(40, seed=5)
DATA = LabelledData(striped_pictures(240), striped_pictures(60, seed=1))
PARTS = hold_out_pictures(DATA.train, CLASSES)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    write_idx_folder(folder, train=240, test=60)
    return folder


def functional(shape: tuple[int, ...], *steps: Any, dtype: str = "float32") -> Any:
    """A model of one step after another: layers, and what a script computes between them."""
    given = scores = keras.Input(shape, dtype=dtype)
    for step in steps:
        scores = step(scores)
    return keras.Model(given, scores)


def with_logits_of_thousands() -> Any:
    """They are nearly the same, so that their rounding shows in probabilities."""
    dense = layers.Dense(CLASSES)
    model = functional((28, 28), layers.Rescaling(1.0), layers.Flatten(), dense, layers.Softmax())
    kernel, other = np.random.default_rng(0).normal(size=(2, 784, 1))
    near = [kernel + place * 1e-5 * other for place in range(CLASSES)]
    dense.set_weights([np.hstack(near).astype(np.float32), np.zeros(CLASSES, np.float32)])
    return model


KINDS: dict[str, Made] = {
    "picture of bytes, divides itself": lambda: functional(
        (28, 28),
        *(lambda given: given / 255.0, layers.Flatten(), layers.Dense(CLASSES, "softmax")),
        dtype="uint8",
    ),
    "channel, rescales, logits": lambda: functional(
        (28, 28, 1),
        *(layers.Rescaling(1 / 127.5, offset=-1), layers.Conv2D(4, 3, activation="relu")),
        *(layers.BatchNormalization(), layers.GlobalAveragePooling2D()),
        *(layers.Dense(8, name="features"), layers.Dense(CLASSES, name="logits")),
    ),
    "flat row, fed 0..1, logits": lambda: functional(
        (784,), layers.Dense(16, "relu", name="pixels"), layers.Dropout(0.5), layers.Dense(CLASSES)
    ),
    "holds another model": lambda: functional(
        (28, 28),
        keras.Sequential([layers.Rescaling(1 / 255), layers.Flatten(), layers.Dense(8)]),
        *(layers.Dense(CLASSES), layers.Activation("softmax")),
    ),
    "computes in halves": lambda: functional(
        (28, 28, 1),
        *(layers.Conv2D(1, 5, strides=2, dtype="mixed_float16"), layers.Flatten()),
        layers.Dense(CLASSES, "softmax", dtype="mixed_float16"),
    ),
    "augments and resizes": lambda: functional(
        (28, 28, 1),
        *(layers.Resizing(20, 20), layers.RandomFlip(), layers.RandomRotation(0.2), layers.Conv2D(2, 3)),
        *(layers.BatchNormalization(), layers.Flatten(), layers.Dense(CLASSES, "softmax")),
    ),
    "gelu and celu": lambda: functional(
        (28, 28, 1),
        *(layers.Rescaling(1 / 255), layers.Flatten(), layers.Dense(16, "gelu"), layers.Dense(8, "celu")),
        layers.Dense(CLASSES, tf.nn.softmax),
    ),
    "recurrent in both directions": lambda: functional(
        (28, 28, 1),
        *(layers.Rescaling(1 / 255), layers.Reshape((28, 28))),
        layers.Bidirectional(layers.GRU(4, return_sequences=True)),
        *(layers.Bidirectional(layers.LSTM(4)), layers.Dense(CLASSES, tf.nn.silu)),
    ),
    "constants": lambda: functional(
        (28, 28, 1),
        layers.Normalization(mean=70.0, variance=8100.0),
        *(layers.Flatten(), layers.Dense(CLASSES, "softmax")),
    ),
    "logits of thousands": with_logits_of_thousands,
    "Sequential that ends in a softmax": lambda: keras.Sequential(
        [
            *(keras.Input((28, 28)), layers.Rescaling(1 / 255), layers.Flatten()),
            *(layers.Dense(CLASSES), layers.Softmax()),
        ]
    ),
    "many features": lambda: functional(
        (28, 28, 1),
        *(layers.Rescaling(1 / 255), layers.Conv2D(2, 3), layers.Flatten()),
        layers.Dense(CLASSES, "softmax"),
    ),
    "no dense layer at the end": lambda: functional(
        (28, 28, 1), layers.Conv2D(CLASSES, 5, strides=5), layers.GlobalMaxPooling2D(), layers.Softmax()
    ),
}
ROUNDED = {"computes in halves", "logits of thousands"}
WITHOUT_DISTANCES = {
    "many features": "has 1,352 features, and distances are measured in up to 1,024",
    "no dense layer at the end": "does not end in a dense layer",
}


def saved(made: Made, folder: Path) -> Path:
    """The model with weights from a seed."""
    keras.utils.set_random_seed(3)
    made().save(folder / "mine.keras")
    return folder / "mine.keras"


@pytest.mark.parametrize("kind", KINDS)
def test_a_graph_answers_what_keras_finds_likeliest(kind: str, tmp_path: Path) -> None:
    session = KerasSession(saved(KINDS[kind], tmp_path))

    said = adopt.export_adopted_model(tmp_path, session, PARTS)

    found = OnnxSession(tmp_path / GRAPH_FILE).run(PICTURES.images)
    expected = session.run(PICTURES.images).class_probabilities
    # Where a graph rounds otherwise, classes that are as good as even may change places.
    likeliest = expected[np.arange(len(expected)), found.class_probabilities.argmax(axis=1)]
    assert likeliest == pytest.approx(expected.max(axis=1), abs=0.02 if kind in ROUNDED else 1e-5)
    without = WITHOUT_DISTANCES.get(kind)
    assert (found.distances is None) == (said is not None) == (without is not None)
    assert said is None or (f"{without}" in said and "nothing will be `unfamiliar`" in said)


def reading_rows(rows: Any, *steps: Any) -> Any:
    """A model that answers by the row in which a striped picture's bar lies, and was not trained."""
    dense = layers.Dense(CLASSES, use_bias=False)
    means = layers.GlobalAveragePooling1D(data_format="channels_first")
    model = functional((28, 28, 1), layers.Reshape((28, 28)), means, *steps, dense)
    dense.set_weights([np.pad(np.repeat(rows, 2, axis=0), ((4, 4), (0, 0))).astype(np.float32)])
    return model


def right_from(least: float, most: float) -> Any:
    """One that is right where a bar's row has a mean above `least`, and others do not reach it."""
    width = most - least  # a brighter row than most saturates it where the scale is another one
    return reading_rows(
        np.eye(CLASSES) / width, lambda means: layers.ReLU()(means - least), layers.ReLU(max_value=width)
    )


SCALES: dict[str, tuple[Made, float, float]] = {
    "right if fed 0..255": (lambda: right_from(102, 127.5), 1, 1.0),
    "right if fed 0..1": (lambda: right_from(0.4, 0.5), 255, 1.0),
    "right by either, and surer if fed 0..255": (lambda: reading_rows(0.05 * np.eye(CLASSES)), 1, 1.0),
}
"""A model, by what its pixels have to be divided, and how many of its answers are right then."""


@pytest.mark.parametrize(("made", "divisor", "right"), SCALES.values(), ids=SCALES)
def test_the_scale_with_the_lower_loss_is_taken_and_said(
    made: Made, divisor: float, right: float, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    adopt.adopt_model(tmp_path / "release", saved(made, tmp_path), DATA, ProgressLines())

    report = read_report(open_release(tmp_path / "release"))
    assert (report.training.configuration["divisor_added"], report.test.accuracy) == (divisor, right)
    assert f"reads {'0..1' if divisor != 1 else '0..255'}: of" in capsys.readouterr().out


def released(model: Path, data: Path, *more: str) -> LocalRelease:
    """The release that the command makes of a model, current in a store beside it."""
    store = model.parent / "store"
    where = ["--data", str(data), "--run", str(model.parent / "run"), "--out", str(store)]
    assert wardrobe("adopt", [str(model), *where, *more]) == 0
    return current_in(store)


def test_the_service_answers_as_the_model_does_and_the_report_says_what_is_not_known(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = [f"shelf {number}" for number in range(CLASSES)]
    model = saved(lambda: right_from(0.4, 0.5), tmp_path)

    made = released(model, data, "--labels", ", ".join(names), "--by", "ann", "--json")

    told, said = capsys.readouterr()
    artifact = keras.saving.load_model(made.folder / "model.keras", compile=False)
    (pixels,), report = artifact.inputs, read_report(made)
    training = report.training
    unknown = (training.seed, training.epochs, training.best_epoch, training.seconds, training.hardware)
    assert (pixels.name, pixels.dtype, pixels.shape) == ("pixels", "uint8", (None, 28, 28))
    expected = KerasSession(model).run(PICTURES.images).class_probabilities
    assert artifact(PICTURES.images, training=False).numpy() == pytest.approx(expected, abs=1e-5)
    assert json.loads(told)["version"] == made.version
    assert "may have seen the held-out pictures" in " ".join(said.split())
    assert (*unknown, report.history) == (None, None, None, None, None, ())
    assert (training.configuration["saved_by"], list(report.labels)) == (keras.__version__, names)
    assert (report.train.n, report.validation.n) == (len(PARTS.train), len(PARTS.validation))
    assert read_current_promotion(open_store(str(tmp_path / "store"))).by == "ann"
    drawn = {path.name for path in (made.folder / "figures").iterdir()}
    assert drawn == {"confusion_matrix.png", "examples.png", "reliability.png"}
    answers = served(tmp_path / "store", map(png, PICTURES.images[:5]), tmp_path / "cache")
    assert [answer["class_id"] for answer in answers] == PICTURES.classes[:5].tolist()


def write_named_folders(place: Path, names: Sequence[str]) -> Path:
    """Write pictures of bars into folders, which are named by the shelf that the bar is on."""
    pictures = striped_pictures(240)
    for number, (image, label) in enumerate(zip(pictures.images, pictures.classes, strict=True)):
        folder = place / names[label]
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{number}.png").write_bytes(png(image))
    return place


def of_three() -> Any:
    return functional((28, 28), layers.Rescaling(1 / 255), layers.Flatten(), layers.Dense(3))


def test_classes_in_folders_take_the_order_of_the_models_outputs(tmp_path: Path) -> None:
    data, model = write_class_folders(tmp_path / "things", 12), saved(of_three, tmp_path)

    made = released(model, data, "--labels", "Stick,Ball,Box", "--force")

    assert read_report(made).labels == ("Stick", "Ball", "Box")
    assert wardrobe("evaluate", [str(made.folder), "--data", str(data)]) == 0
    with pytest.raises(DataError, match="the classes Ball, Box, Stick, but the model Ball, Box, Cup"):
        released(model, data, "--labels", "Ball,Box,Cup", "--run", str(tmp_path / "other"))


def test_labels_in_another_order_than_the_outputs_are_refused_with_the_order_that_fits(
    data: Path, tmp_path: Path
) -> None:
    names = [f"shelf {number}" for number in range(CLASSES)]
    folders = write_named_folders(tmp_path / "things", names)
    model = saved(lambda: reading_rows(0.05 * np.eye(CLASSES)), tmp_path)
    reverse = ["--labels", ",".join(reversed(names))]

    with pytest.raises(ExportError, match=f"100.0% are right in another order.*'{','.join(names)}'"):
        released(model, folders, *reverse)

    assert not (tmp_path / "store").exists()
    forced = released(model, folders, *reverse, "--force")
    measured = [str(forced.folder), "--data", str(folders)]
    with pytest.raises(DataError, match=f"100.0% would be .* order: {', '.join(names)}"):
        wardrobe("evaluate", measured)
    assert wardrobe("evaluate", [*measured, "--force"]) == 0


def renumber(folder: Path, numbers: Sequence[int]) -> None:
    """Give the classes of IDX files other numbers."""
    for part in ("train", "t10k"):
        file = folder / f"{part}-labels-idx1-ubyte"
        file.write_bytes(idx_bytes(np.array(numbers, np.uint8)[read_idx_file(file, 1)]))


def test_data_of_numbers_in_another_order_is_renumbered_as_the_refusal_says(tmp_path: Path) -> None:
    model = saved(lambda: reading_rows(0.05 * np.eye(CLASSES)), tmp_path)
    data = tmp_path / "data"
    write_idx_folder(data, train=240, test=60)
    renumber(data, [*range(1, CLASSES), 0])

    with pytest.raises(ExportError, match="no order of --labels helps") as refusal:
        released(model, data, "--labels", ",".join("abcdefghij"))

    changes = {int(old): int(new) for old, new in re.findall(r"class (\d) becomes (\d)", str(refusal.value))}
    assert changes == {0: 9, **{number: number - 1 for number in range(1, CLASSES)}}
    forced = released(model, data, "--force")
    with pytest.raises(DataError, match="class 0 becomes 9, class 1 becomes 0, class 2 becomes 1"):
        wardrobe("evaluate", [str(forced.folder), "--data", str(data)])
    renumber(data, [changes[number] for number in range(CLASSES)])
    released(model, data, "--labels", ",".join("abcdefghij"), "--run", str(tmp_path / "other"))
    assert read_report(open_release(tmp_path / "other" / "release")).test.accuracy == 1


def of_dicts(*, takes: bool = True, gives: bool = True) -> Any:
    given = keras.Input((28, 28), name="image")
    scores = layers.Dense(CLASSES, "softmax", name="article")(layers.Flatten()(given))
    return keras.Model({"image": given} if takes else given, {"article": scores} if gives else scores)


PLAIN = "keras.Model(model.inputs[0], model.outputs[0]).save('plain.keras')"


def of_a_layer_of_its_own() -> Any:
    own = type("DenserThanDense" * 20, (layers.Dense,), {})
    return functional((784,), own(CLASSES))


def in_bins() -> Any:
    binned = layers.Discretization(bin_boundaries=[50.0, 100.0], name="bins")
    return functional((28, 28), binned, layers.Rescaling(1.0), layers.Flatten(), layers.Dense(CLASSES))


def quantized() -> Any:
    dense = layers.Dense(CLASSES, activation="softmax")
    model = functional((784,), dense)
    dense.quantize("int8")
    return model


REFUSED: dict[str, tuple[Made, str, type[Exception], str]] = {
    "takes a dict": (
        lambda: of_dicts(gives=False),
        *("", ContractBroken, f"the model takes a dict.*{re.escape(PLAIN)}"),
    ),
    "gives a dict": (
        lambda: of_dicts(takes=False),
        *("", ContractBroken, f"the model gives a dict.*{re.escape(PLAIN)}"),
    ),
    "other labels": (of_three, "", ExportError, "3 outputs, but 10 labels .* --labels names them"),
    "other classes": (
        of_three,
        *("--labels a,b,c", DataError, "pictures of class 9, but the model knows 3: a, b, c"),
    ),
    "no better than chance": (
        lambda: functional((784,), layers.Dense(CLASSES, kernel_initializer="zeros")),
        *("", ExportError, "held-out pictures are right; chance is 10%.*--force"),
    ),
    "pixels around 0": (
        lambda: right_from(-0.2, 0.0),
        *("", ExportError, re.escape("`keras.layers.Rescaling(1/127.5, offset=-1)`") + ".*--force"),
    ),
    "quantized": (quantized, "--force", ExportError, r"after `quantize\('int8'\)`.*Save it before"),
    "no graph": (in_bins, "--force", ExportError, "the layer 'bins' uses Bucketize"),
    "a layer of its own": (
        of_a_layer_of_its_own,
        *("", ModelUnreadable, r"safe mode \(.*DenserThanDense.*of its own"),
    ),
}
"""A model, options, and what the refusal is."""

LONGEST = 300
"""Characters of a message."""


@pytest.mark.parametrize(("made", "options", "error", "words"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_adopted_is_refused_in_a_short_sentence(  # noqa: PLR0917
    made: Made, options: str, error: type[Exception], words: str, data: Path, tmp_path: Path
) -> None:
    with pytest.raises(error, match=words) as raised:
        released(saved(made, tmp_path), data, *options.split())

    assert len(str(raised.value).replace(str(tmp_path), "")) <= LONGEST
    assert not (tmp_path / "store").exists()


def test_the_line_that_makes_a_model_of_dicts_plain_keeps_its_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    model = of_dicts()

    eval(PLAIN, {"keras": keras, "model": model})

    images = PICTURES.images.astype(np.float32)
    plain = KerasSession(tmp_path / "plain.keras").model(images)
    assert np.array_equal(plain, model({"image": images})["article"])
