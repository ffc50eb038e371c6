"""Which model this is and how it came to be, as names and values. Pure."""

from app.web.report_page.foreign import entries_of
from app.web.report_page.wording import UNKNOWN, Entry, duration, number, size
from model_store.manifest import Manifest
from model_store.report import Report, TrainingFigures

Group = tuple[str, tuple[Entry, ...]]


def identity_of(report: Report, manifest: Manifest | None) -> tuple[Group, ...]:
    """Titled groups of entries, the one to be seen first in front.

    Args:
        report: the model's.
        manifest: None for a bare artifact, of which less is known.
    """
    return (
        ("The model", (*_model(report), *_training(report.training), *_release(manifest))),
        ("The data by its sha256", _data(report)),
        ("The settings of the training", tuple(entries_of(report.training.configuration))),
        ("The libraries that made it", tuple(entries_of(report.training.libraries))),
        ("The files by their sha256", _files(manifest)),
    )


def _model(report: Report) -> tuple[Entry, ...]:
    model = report.model
    return (
        Entry("network", model.network),
        Entry("labels", ", ".join(report.labels)),
        Entry("data set", report.data.name),
        Entry("parameters", f"{model.parameters:,}"),
        Entry("MFLOPs a picture", f"{number(model.mflops)}, multiplications and additions counted each"),
        *(Entry(f"size of {name}", size(octets)) for name, octets in model.bytes.items()),
    )


def _training(training: TrainingFigures) -> tuple[Entry, ...]:
    return (
        Entry("seed", _told(training.seed)),
        Entry("epochs", _told(training.epochs)),
        Entry("best epoch", _told(training.best_epoch)),
        Entry("time of training", UNKNOWN if training.seconds is None else duration(training.seconds)),
        Entry("hardware", _told(training.hardware)),
    )


def _release(manifest: Manifest | None) -> tuple[Entry, ...]:
    if manifest is None:
        return ()
    return (
        Entry("made at", f"{manifest.created_at:%Y-%m-%d %H:%M} UTC"),
        Entry("commit of the code", _told(manifest.git_commit)),
    )


def _data(report: Report) -> tuple[Entry, ...]:
    return (
        Entry("training set", report.data.train_sha256),
        Entry("test set", report.data.test_sha256),
    )


def _files(manifest: Manifest | None) -> tuple[Entry, ...]:
    if manifest is None:
        return ()
    return tuple(Entry(path, f"{one.sha256}, {size(one.size)}") for path, one in manifest.files.items())


def _told(value: object) -> str:
    """What nobody knows of an adopted model is None."""
    return UNKNOWN if value is None else str(value)
