"""A release that was measured on photos: they are in its report and on its figures, and none is shown."""

import shutil

import pytest

from inference.contract import PHOTOGRAPHS
from model_store.local import LocalRelease, open_release
from model_store.report import Report, TrainingFigures, parse_report
from tests.contract.training.conftest import Exported
from tests.fashion import striped_pictures
from tests.photos import write_photos
from training.data.datasets import LABELS, LabelledData
from training.data.splitting import Split
from training.evaluation.photo_figures import draw_coverage, draw_recall
from training.export.release import Evidence, Origin, complete_release
from training.photos.reading import list_photos, read_photos

ORIGIN = Origin(
    network="conv3",
    parameters=1,
    training=TrainingFigures(
        seed=0, epochs=3, best_epoch=3, seconds=1.0, hardware=None, libraries={}, configuration={}
    ),
    history=(),
)


def _quiet(*_: object) -> None:
    """Nobody listens."""


@pytest.fixture(scope="module")
def release(exported: Exported, parts: Split, tmp_path_factory: pytest.TempPathFactory) -> LocalRelease:
    """Measured on 15 drawn photos."""
    folder = tmp_path_factory.mktemp("measured")
    listed = list_photos(write_photos(folder / "photos", 3), LABELS)
    made = folder / "release"
    made.mkdir()
    shutil.copy(exported.model_path, made)
    shutil.copy(exported.graph_path, made)
    data = LabelledData(train=striped_pictures(400), test=striped_pictures(100, seed=1))
    photos = read_photos(listed, PHOTOGRAPHS, _quiet, _quiet)
    complete_release(made, Evidence(data=data, split=parts, photos=photos), ORIGIN, _quiet)
    return open_release(made)


def report_of(release: LocalRelease) -> Report:
    return parse_report((release.folder / "report.json").read_bytes(), "report.json")


def test_the_report_tells_of_each_tier_and_that_choices_were_made_on_it(release: LocalRelease) -> None:
    photos = report_of(release).photos

    assert {tier: (one.n, one.split) for tier, one in photos.items()} == {
        "A": (6, "development"),
        "C": (3, "development"),
        "X": (6, "development"),
    }


def test_the_thresholds_told_are_those_that_serving_applies(release: LocalRelease) -> None:
    told = report_of(release).photos["A"].decisions

    served = release.manifest.model.thresholds
    assert (told.confidence_threshold, told.familiarity_threshold) == (served.confidence, served.familiarity)


def test_two_plots_travel_with_the_release_and_no_photo(release: LocalRelease) -> None:
    drawn = {path.name for path in (release.folder / "figures").glob("photos-*")}

    assert drawn == {"photos-coverage.png", "photos-recall.png"}


def test_every_plot_of_photos_says_what_they_were_good_for(release: LocalRelease) -> None:
    photos = {tier: one for tier, one in report_of(release).photos.items() if tier != "X"}

    titles = [draw(photos).axes[0].get_title() for draw in (draw_coverage, draw_recall)]

    assert titles == [
        "Photos, by tier (split: development)",
        "Recall on photos, by tier (split: development)",
    ]
