"""`python -m scripts.adopt`: hand-made models of every kind become releases that answer as Keras does."""

import json
import re
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers
from numpy.typing import NDArray

from app.factory import create_app
from app.settings import Settings
from inference.errors import ContractBroken, ModelUnreadable
from inference.keras_file import check_keras_file
from inference.keras_session import Habits, KerasSession
from inference.onnx_session import OnnxSession
from inference.session import Scores
from model_store.files import GRAPH
from model_store.local import LocalRelease, open_release
from model_store.promotions import current
from model_store.store import open_store
from reports.values import report_of
from tests.commands import wardrobe
from tests.fashion import CLASSES, striped_pictures, write_idx_folder
from tests.own_pictures import write_class_folders
from tests.uploads import png
from training.errors import BadClasses, GraphUnusable, NotAdoptable
from training.pictures.fashion import LabelledData
from training.pictures.split import split
from training.progress import Lines
from training.release import adoption

pytestmark = pytest.mark.slow

PICTURES = striped_pictures(40, seed=5)

DATA = LabelledData(striped_pictures(240), striped_pictures(60, seed=1))


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


def in_two_filters(given: Any) -> Any:
    return layers.Flatten()(layers.Conv2D(2, 3)(layers.Rescaling(1 / 255)(given)))


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
    "many features": HandMade((28, 28, 1), in_two_filters, (layers.Dense(CLASSES, "softmax"),)),
    "constants": HandMade((28, 28, 1), with_constants, (layers.Dense(CLASSES, "softmax"),)),
    "no dense layer at the end": HandMade(
        (28, 28, 1), layers.Conv2D(CLASSES, 5, strides=5), (layers.GlobalMaxPooling2D(), layers.Softmax())
    ),
}
WITHOUT_FEATURES = {
    KINDS["no dense layer at the end"]: "does not end in a dense layer",
    KINDS["many features"]: "has 1,352 features, and distances are measured in up to 1,024",
}
FLAT = KINDS["flat row, fed 0..1, logits"]

CONSTANT = HandMade((784,), flat, (layers.Dense(CLASSES, kernel_initializer="zeros"),))
"""Answers every picture by the first class, whatever the seed: of ten classes it is right about a tenth."""


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


def adopted(model: Path) -> LocalRelease:
    """The release of a model, even of one that is no better than chance: most have weights from a seed."""
    adoption.adopt(model.parent / "release", model, DATA, Lines(), forced=True)
    return open_release(model.parent / "release")


def released(model: Path, data: Path, *more: str) -> LocalRelease:
    """The release that the command makes of a model, current in a store beside it."""
    store = model.parent / "store"
    told = [str(model), "--data", str(data), "--run", str(model.parent / "run"), "--out", str(store), *more]
    assert wardrobe("adopt", [*told, "--force"]) == 0
    return open_release(store / "releases" / current(open_store(str(store))).version)


def scores_of(release: LocalRelease) -> Scores:
    """What its serving graph says of PICTURES."""
    return OnnxSession(release.folder / GRAPH).run(PICTURES.images)


def answers_of_keras(model: Path, release: LocalRelease) -> NDArray[np.float32]:
    """What the model itself says of PICTURES, by the scale that was taken."""
    session = KerasSession(model)
    session.divide_by(float(str(report_of(release).training.configuration["divisor_added"])))
    return session.run(PICTURES.images).of_label


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_a_release_answers_what_keras_finds_likeliest(
    kind: HandMade, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    release = adopted(model := saved(kind, tmp_path))

    found, expected = scores_of(release), answers_of_keras(model, release)
    # Halves round otherwise in another graph, so classes that are as good as even may change places.
    halves = kind is KINDS["computes in halves"]
    likeliest = expected[np.arange(len(expected)), found.of_label.argmax(axis=1)]
    assert likeliest == pytest.approx(expected.max(axis=1), abs=0.02 if halves else 1e-5)
    cause, said = WITHOUT_FEATURES.get(kind, ""), capsys.readouterr().out
    assert (found.distances is None) is bool(cause)
    assert ("nothing will be `unfamiliar`" in said) is bool(cause)
    assert cause in said


def likeliest_of(model: Any) -> list[int]:
    """What a model that scales its input itself finds likeliest in PICTURES."""
    scores = np.asarray(model(PICTURES.images.astype(np.float32), training=False))
    return [int(label) for label in scores.argmax(axis=1)]


@pytest.mark.parametrize(
    "ending",
    [
        (layers.Dense(CLASSES), layers.Softmax()),
        (layers.Dense(CLASSES), layers.Dropout(0.2), layers.Activation("softmax")),
    ],
    ids=["softmax at its end", "activation at its end"],
)
def test_a_sequential_answers_as_before_and_has_features(ending: tuple[Any, ...], tmp_path: Path) -> None:
    keras.utils.set_random_seed(3)
    below = [layers.Rescaling(1 / 255), layers.Flatten(), layers.Dense(16, "relu")]
    model = keras.Sequential([keras.Input((28, 28)), *below, *ending])
    model.save(tmp_path / "mine.keras")

    found = scores_of(adopted(tmp_path / "mine.keras"))

    assert found.of_label.argmax(axis=1).tolist() == likeliest_of(model)
    assert found.distances is not None


def of_dicts(folder: Path, *, takes: bool = True, gives: bool = True) -> Any:
    """A model that is saved as mine.keras."""
    keras.utils.set_random_seed(3)
    given = keras.Input((28, 28), name="image")
    scores = layers.Dense(CLASSES, "softmax", name="article")(rescaled(given))
    model = keras.Model({"image": given} if takes else given, {"article": scores} if gives else scores)
    model.save(folder / "mine.keras")
    return model


PLAIN = "keras.Model(model.inputs[0], model.outputs[0]).save('plain.keras')"


def test_a_model_of_dicts_that_was_made_plain_answers_as_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    eval(PLAIN, {"keras": keras, "model": (model := of_dicts(tmp_path))})

    found = scores_of(adopted(tmp_path / "plain.keras")).of_label.argmax(axis=1)
    assert found.tolist() == likeliest_of(keras.Model(model.inputs[0], model.outputs[0]))


def test_its_artifact_reads_raw_pixels_the_service_answers_as_it_does_and_the_report_says_what_is_not_known(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = [f"shelf {number}" for number in range(CLASSES)]

    made = released(
        model := saved(FLAT, tmp_path), data, "--labels", ", ".join(names), "--by", "ann", "--json"
    )

    told, said = capsys.readouterr()
    artifact = keras.saving.load_model(made.folder / "model.keras", compile=False)
    expected = answers_of_keras(model, made)
    (pixels,), report = artifact.inputs, report_of(made)
    training = report.training
    unknown = (training.seed, training.epochs, training.best_epoch, training.seconds, training.hardware)
    assert (pixels.name, pixels.dtype, pixels.shape) == ("pixels", "uint8", (None, 28, 28))
    assert artifact(PICTURES.images, training=False).numpy() == pytest.approx(expected, abs=1e-5)
    assert json.loads(told)["version"] == made.version
    assert "may have seen the held-out pictures" in " ".join(said.split())
    assert (*unknown, report.history) == (None, None, None, None, None, ())
    assert (training.configuration["saved_by"], list(report.labels)) == (keras.__version__, names)
    held_out = len(split(striped_pictures(240), CLASSES).validation)
    assert (report.train.n, report.validation.n, report.test.n) == (240 - held_out, held_out, 60)
    assert current(open_store(str(tmp_path / "store"))).by == "ann"
    assert sorted(path.name for path in (made.folder / "figures").iterdir()) == [
        "confusion_matrix.png",
        "examples.png",
        "reliability.png",
    ]
    settings = {"model_store": str(tmp_path / "store"), "cache_dir": tmp_path / "cache", "refresh_seconds": 0}
    service = create_app(Settings.model_validate(settings)).test_client()
    served = [service.post("/predict", data=png(pixels)).get_json() for pixels in PICTURES.images[:5]]
    assert [answer["class_id"] for answer in served] == expected[:5].argmax(axis=1).tolist()


def test_classes_in_folders_take_the_order_of_the_models_outputs(tmp_path: Path) -> None:
    data = write_class_folders(tmp_path / "things", 12)
    model = saved(HandMade((28, 28), rescaled, (layers.Dense(3, "softmax"),)), tmp_path)

    made = released(model, data, "--labels", "Stick,Ball,Box")

    assert report_of(made).labels == ("Stick", "Ball", "Box")
    assert wardrobe("evaluate", [str(made.folder), "--data", str(data)]) == 0
    with pytest.raises(BadClasses, match="the classes Ball, Box, Stick, but the model Ball, Box, Cup"):
        wardrobe(
            "adopt",
            [str(model), "--data", str(data), "--labels", "Ball,Box,Cup", "--out", str(tmp_path / "s")],
        )


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
    scale: float, divisor: float, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = report_of(adopted(reads_rows(scale, tmp_path)))

    assert report.training.configuration["divisor_added"] == divisor
    assert report.test.accuracy == 1
    assert f"reads {'0..1' if divisor != 1 else '0..255'}: of" in capsys.readouterr().out


def test_of_a_model_that_is_as_often_right_by_either_scale_the_lower_loss_decides(tmp_path: Path) -> None:
    given = keras.Input((28, 28, 1))
    dense = layers.Dense(CLASSES, use_bias=False)
    model = keras.Model(given, dense(by_brightness(given)))
    rows = np.eye(CLASSES, dtype=np.float32)[[1, 0, *range(2, CLASSES)]]  # two classes are swapped
    dense.set_weights([np.pad(np.repeat(rows, 2, axis=0), ((4, 4), (0, 0))) * 5])
    model.save(tmp_path / "mine.keras")

    report = report_of(adopted(tmp_path / "mine.keras"))

    assert report.training.configuration["divisor_added"] == 255
    assert report.test.accuracy == 0.8


def standardised_reader(folder: Path) -> Path:
    """A model that learnt pixels with the mean 0 and the deviation 1, as a script prepared them."""
    keras.utils.set_random_seed(1)
    learnt = striped_pictures(240)
    model = keras.Sequential([keras.Input((28, 28, 1)), layers.Flatten(), layers.Dense(CLASSES, "softmax")])
    model.compile("adam", "sparse_categorical_crossentropy")
    images = learnt.images[..., None].astype(np.float32)
    model.fit((images - images.mean()) / images.std(), learnt.classes, epochs=30, verbose=0)
    model.save(folder / "mine.keras")
    return folder / "mine.keras"


def test_a_model_of_standardised_pixels_is_refused_with_the_line_that_makes_it_adoptable(
    tmp_path: Path,
) -> None:
    write_idx_folder(data := tmp_path / "data", train=1200, test=60)
    told = ["--data", str(data), "--run", str(tmp_path / "run"), "--out", str(tmp_path / "store")]
    with pytest.raises(NotAdoptable, match="where pixels are standardised") as raised:
        wardrobe("adopt", [str(standardised_reader(tmp_path)), *told])
    line = re.search(r"`(.*)\.save\('model\.keras'\)`", str(raised.value))
    assert line is not None
    known = {"keras": keras, "model": keras.saving.load_model(tmp_path / "mine.keras")}

    eval(line[1], known).save(tmp_path / "model.keras")

    assert wardrobe("adopt", [str(tmp_path / "model.keras"), *told]) == 0


def test_a_graph_may_differ_by_what_float32_rounds_of_the_largest_logit(tmp_path: Path) -> None:
    """Logits of thousands, two of which are nearly the same, so that their rounding shows."""
    given = keras.Input((28, 28))
    logits = layers.Dense(3, name="logits")(layers.Flatten()(layers.Rescaling(1.0)(given)))
    model = keras.Model(given, layers.Softmax()(logits))
    kernel = np.random.default_rng(0).normal(size=(784, 1)).astype(np.float32)
    model.get_layer("logits").set_weights([np.hstack([kernel, kernel, -kernel]), np.zeros(3, np.float32)])
    artifact = adoption.with_habits(model, Habits(shape=(28, 28), dtype="float32", divisor=1, softmax=False))
    largest = np.abs(PICTURES.images.reshape(-1, 784) @ kernel).max()

    allowed = adoption._tolerance(artifact, PICTURES.images)

    assert largest > 1000
    assert allowed == pytest.approx(largest * 2**-19, rel=1e-3)


def built(**first: Any) -> Any:
    """Layers as a script has them, the first one with these settings."""
    return keras.Sequential(
        [
            layers.Conv2D(4, 3, activation="relu", **first),
            *(layers.BatchNormalization(), layers.MaxPooling2D(), layers.Flatten()),
            *(layers.Dropout(0.3), layers.Dense(CLASSES, "softmax")),
        ]
    )


def as_keras_2_saves(model: Any, path: Path) -> Path:
    """The model in HDF5, its layers described as Keras 2.2.4-tf does."""
    model.save(path)
    with h5py.File(path, "r+") as file:
        described = json.loads(file.attrs["model_config"])["config"]["layers"]
        kept = [one for one in described if one["class_name"] != "InputLayer"]
        for layer in kept:
            layer["config"]["dtype"] = "float32"
            if layer["class_name"] == "BatchNormalization":
                layer["config"]["axis"] = [3]
        kept[0]["config"]["batch_input_shape"] = [None, 28, 28, 1]
        file.attrs["model_config"] = json.dumps(
            {"class_name": "Sequential", "config": {"name": "sequential", "layers": kept}}
        )
        file.attrs["keras_version"] = "2.2.4-tf"
    return path


@pytest.mark.filterwarnings("ignore:Do not pass an `input_shape`:UserWarning")
def test_what_the_refusal_of_a_file_of_keras_2_names_makes_one_that_is_adopted(
    data: Path, tmp_path: Path
) -> None:
    first = built(input_shape=(28, 28, 1))
    old = as_keras_2_saves(first, tmp_path / "arch.h5")
    with pytest.raises(ModelUnreadable) as raised:
        wardrobe("adopt", [str(old), "--data", str(data), "--out", str(tmp_path / "store")])
    steps = re.findall(r"`(model\.[^`]*)`", str(raised.value))
    with pytest.raises(ValueError, match="shape"):
        keras.saving.load_model(old, compile=False)

    model = built(input_shape=(28, 28, 1))
    getattr(model, steps[0].split("(")[0].removeprefix("model."))(old)
    model.save(tmp_path / "model.keras")

    given = PICTURES.images[..., None].astype(np.float32)
    assert [step.split("(")[0] for step in steps] == ["model.load_weights", "model.save"]
    assert np.array_equal(model(given), first(given))
    check_keras_file(tmp_path / "model.keras")


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


def in_bins(given: Any) -> Any:
    binned = layers.Discretization(bin_boundaries=[50.0, 100.0], name="bins")(given)
    return layers.Flatten()(layers.Rescaling(1.0)(binned))


def made_of(takes: bool, gives: bool) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        of_dicts(folder, takes=takes, gives=gives)
        return folder / "mine.keras"

    return make


OF_THREE = partial(saved, HandMade((28, 28), rescaled, (layers.Dense(3),)))
LONGEST = 300
"""Characters of a message."""


@pytest.mark.parametrize(
    ("make", "options", "error", "words"),
    [
        (made_of(True, False), "", ContractBroken, f"the model takes a dict.*{re.escape(PLAIN)}"),
        (made_of(False, True), "", ContractBroken, f"the model gives a dict.*{re.escape(PLAIN)}"),
        (made_of(True, True), "", ContractBroken, f"the model takes and gives a dict.*{re.escape(PLAIN)}"),
        (OF_THREE, "", NotAdoptable, "3 outputs, but 10 labels .* --labels names them"),
        (OF_THREE, "--labels a,b,c", BadClasses, "pictures of class 9, but the model knows 3: a, b, c"),
        (
            partial(saved, CONSTANT),
            "",
            NotAdoptable,
            "held-out pictures are right; chance is 10%.*--force",
        ),
        (
            partial(saved, HandMade((28, 28), in_bins, (layers.Dense(CLASSES),))),
            "--force",
            GraphUnusable,
            "the layer 'bins' uses Bucketize",
        ),
        (
            lambda folder: renamed(saved(FLAT, folder), "DenserThanDense" * 20),
            "",
            ModelUnreadable,
            r"safe mode \(.*DenserThanDense.*of its own",
        ),
    ],
    ids=["takes", "gives", "both", "labels", "classes", "chance", "a layer", "a class of its own"],
)
def test_what_cannot_be_adopted_is_refused_in_a_short_sentence(  # noqa: PLR0917
    make: Callable[[Path], Path],
    options: str,
    error: type[Exception],
    words: str,
    data: Path,
    tmp_path: Path,
) -> None:
    where = ["--data", str(data), "--run", str(tmp_path), "--out", str(tmp_path / "store")]

    with pytest.raises(error, match=words) as raised:
        wardrobe("adopt", [str(make(tmp_path)), *where, *options.split()])

    assert len(str(raised.value).replace(str(tmp_path), "")) <= LONGEST
    assert not (tmp_path / "store").exists()
