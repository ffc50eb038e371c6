"""`python -m scripts.tune`: what a search tries, remembers, cuts short and hands over."""

import json
from dataclasses import replace
from pathlib import Path

import optuna
import pytest

from model_store.manifest import DataSet
from scripts import tune
from tests.contract.training.conftest import Listener
from tests.fashion import CLASSES, write_idx_folder
from training.errors import CheckpointUnreadable
from training.gradient.comparison.search import (
    STUDY,
    STUDY_NAME,
    Search,
    run_search,
    search_space,
    starting_values,
)
from training.gradient.comparison.trials import SearchReport, Trial, Values, recipe_of
from training.gradient.recipes import PLAIN, NetworkName, read_recipe
from training.pictures.split import Split

pytestmark = pytest.mark.slow

DATA = DataSet(name="made-up", train_sha256="a" * 64, test_sha256="b" * 64)
START = replace(PLAIN, network="dense", epochs=2, batch_size=64)


class SearchListener(Listener):
    """Remembers what a search told, too."""

    def __init__(self) -> None:
        super().__init__()
        self.begun: list[Values] = []

    def begins(self, number: int, values: Values) -> None:
        self.begun.append(values)

    def ends(self, trial: Trial) -> None:
        pass


class Killed(BaseException):
    """Nothing gets to run after it, as far as the search can tell."""


class EndsInTheSecondEpoch(SearchListener):
    """Ends the process."""

    def __init__(self, way: type[BaseException]) -> None:
        super().__init__()
        self._way = way

    def step(self, epoch: int, step: int, steps: int) -> None:
        if epoch == 2:
            raise self._way


@pytest.fixture
def search(parts: Split) -> Search:
    """Of a dense layer, two epochs a trial."""
    return Search(START, parts, CLASSES, DATA)


def test_a_search_ends_in_a_table_a_plot_and_a_command_and_goes_on_for_more(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_idx_folder(tmp_path / "data", train=400, test=10)
    arguments = [
        *("--data", str(tmp_path / "data"), "--network", "dense", "--epochs", "1", "--limit", "300"),
        *("--run", str(tmp_path / "run"), "--out", str(tmp_path / "found")),
    ]

    codes = [tune.main([*arguments, "--trials", trials]) for trials in ("1", "3")]
    out = capsys.readouterr().out
    codes.append(tune.main([*arguments, "--trials", "3", "--json"]))

    told = json.loads(capsys.readouterr().out)
    report = SearchReport.model_validate_json((tmp_path / "found" / "tune.json").read_bytes())
    assert codes == [0, 0, 0]
    assert told == {
        "written": [str(tmp_path / "found" / name) for name in ("tune.json", "tune.png", "best.toml")],
        "trials": 3,
        "best": report.trials[report.best].model_dump(mode="json"),
        "command": report.command,
    }
    assert [one.number for one in report.trials] == [0, 1, 2]
    assert [out.count(f"trial {number}: ") for number in range(3)] == [1, 1, 1]
    assert report.trials[0].values["learning_rate"] == PLAIN.learning_rate
    assert len({one.values["learning_rate"] for one in report.trials}) == 3
    assert max(one.val_accuracy for one in report.trials) == report.trials[report.best].val_accuracy
    assert report.command in out
    best, _ = read_recipe(tmp_path / "found" / "best.toml")
    values = report.trials[report.best].values
    tried = recipe_of(PLAIN, values)
    assert best.as_json() == report.recipe | {name: getattr(tried, name) for name in values}
    assert (tmp_path / "found" / "tune.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("way", [Killed, KeyboardInterrupt])
def test_a_trial_that_was_stopped_is_tried_again_from_its_last_epoch(
    way: type[BaseException], search: Search, tmp_path: Path
) -> None:
    stopped, rest = EndsInTheSecondEpoch(way), SearchListener()
    with pytest.raises(way):
        run_search(search, tmp_path, 1, stopped)

    (trial,) = run_search(search, tmp_path, 1, rest)

    assert rest.begun == stopped.begun
    assert (rest.epochs, {epoch for epoch, _, _ in rest.steps}) == ([1, 2], {2})
    assert (trial.state, trial.epochs) == ("finished", 2)
    assert list((tmp_path / "trials").iterdir()) == []


def test_a_trial_that_is_behind_is_cut_short(search: Search, tmp_path: Path) -> None:
    run_search(search, tmp_path, 1, SearchListener())
    study = optuna.load_study(study_name=STUDY_NAME, storage=f"sqlite:///{tmp_path / STUDY}")
    for _ in range(5):
        perfect = study.ask(study.trials[0].distributions)
        perfect.report(1.0, 1)
        study.tell(perfect, 1.0)

    *_, last = run_search(search, tmp_path, 7, SearchListener())

    assert (last.state, last.epochs) == ("pruned", 1)


@pytest.mark.filterwarnings("ignore:invalid value")  # which is what infinite logits are
def test_a_trial_that_diverges_is_cut_short(search: Search, tmp_path: Path) -> None:
    wild = replace(search, start=replace(START, learning_rate=1e30))

    (trial,) = run_search(wild, tmp_path, 1, SearchListener())

    assert (trial.state, trial.epochs) == ("pruned", 0)


def test_another_search_is_not_mixed_into_a_study(search: Search, tmp_path: Path) -> None:
    run_search(search, tmp_path, 0, SearchListener())
    longer = replace(search, start=replace(START, epochs=3))
    otherwise_grouped = replace(search, groups="-0badcafe")

    for other in (longer, otherwise_grouped):
        with pytest.raises(CheckpointUnreadable, match="a search from other settings"):
            run_search(other, tmp_path, 1, SearchListener())


@pytest.mark.parametrize(("network", "searched"), [("dense", False), ("labelling2", True)])
def test_dropout_is_searched_where_the_network_has_one(
    network: NetworkName, searched: bool, search: Search
) -> None:
    space = replace(search, start=replace(START, network=network)).space

    assert ("dropout" in space) is searched


def test_what_lies_outside_the_bounds_is_left_to_the_search() -> None:
    start = replace(PLAIN, erase=20, label_smoothing=0.5, batch_size=1)

    values = starting_values(start, search_space(start, dropout=True))

    assert set(values) == {"learning_rate", "weight_decay", "batch_size"}
