"""`python -m scripts.tune`: what a search tries, remembers, cuts short and hands over."""

import json
from dataclasses import replace
from pathlib import Path

import optuna
import pytest

from tests.commands import wardrobe
from tests.contract.training.conftest import Listener
from tests.fashion import CLASSES, striped_pictures, write_idx_folder
from training.data.fashion import LabelledData
from training.errors import WeightsUnusable
from training.gradient.recipes import PLAIN_RECIPE, TrainableNetworkName
from training.gradient.search import (
    STUDY_FILE,
    STUDY_NAME,
    TRIAL_STATE_NAMES,
    FinishedTrials,
    RecipeSearch,
    choose_starting_values,
    make_search_space,
    round_values,
    run_search,
)

pytestmark = pytest.mark.slow

DATA = LabelledData(striped_pictures(400), striped_pictures(10, seed=1))
SEARCH = RecipeSearch(replace(PLAIN_RECIPE, network="dense", epochs=2, batch_size=64), DATA)
"""Of a dense layer, two epochs a trial."""


def searched(folder: Path, trials: int, search: RecipeSearch = SEARCH) -> FinishedTrials:
    """What a search that nobody watches has found, the best first."""
    return run_search(search, folder, trials, Listener(), lambda line: None)


class Killed(BaseException):
    """Nothing gets to run after it, as far as the search can tell."""


class EndsInTheSecondEpoch(Listener):
    """Ends the process."""

    def __init__(self, way: type[BaseException]) -> None:
        super().__init__()
        self._way = way

    def report_step(self, epoch: int, step: int, steps: int) -> None:
        if epoch == 2:
            raise self._way


def test_a_search_ends_in_a_table_a_plot_and_a_command_and_goes_on_for_more(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_idx_folder(tmp_path / "data", train=400, test=10)
    arguments = [
        *("--data", str(tmp_path / "data"), "--network", "dense", "--epochs", "1", "--limit", "300"),
        *("--run", str(tmp_path / "run"), "--out", str(tmp_path / "found")),
    ]

    codes = [wardrobe("tune", [*arguments, "--trials", trials]) for trials in ("1", "3")]
    out = capsys.readouterr().out
    codes.append(wardrobe("tune", [*arguments, "--trials", "3", "--json"]))

    told = json.loads(capsys.readouterr().out)
    study = optuna.load_study(study_name=STUDY_NAME, storage=f"sqlite:///{tmp_path / 'run' / STUDY_FILE}")
    assert codes == [0, 0, 0]
    assert told["written"] == [str(tmp_path / "found" / "tune.png")]
    assert (told["trials"], told["command"] in out) == (3, True)
    assert told["best"]["val_accuracy"] == max(one.value or 0 for one in study.trials)
    assert [out.count(f"trial {number}: ") for number in range(3)] == [1, 1, 1]
    rates = [one.params["learning_rate"] for one in study.trials]
    assert rates[0] == PLAIN_RECIPE.learning_rate
    assert len(set(rates)) == 3
    tried = study.trials[told["best"]["number"]]
    assert f"--learning-rate {round_values(tried.params)['learning_rate']} " in told["command"]
    assert "--network dense" in told["command"]
    assert (tmp_path / "found" / "tune.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("way", [Killed, KeyboardInterrupt])
def test_a_trial_that_was_stopped_is_tried_again_from_its_last_epoch(
    way: type[BaseException], tmp_path: Path
) -> None:
    begun: list[str] = []
    again: list[str] = []
    rest = Listener()
    with pytest.raises(way):
        run_search(SEARCH, tmp_path, 1, EndsInTheSecondEpoch(way), begun.append)

    (trial,) = run_search(SEARCH, tmp_path, 1, rest, again.append)

    assert begun == ["trial 0: " + again[0].removeprefix("trial 1: ")]
    assert {epoch for epoch, _, _ in rest.steps} == {2}
    assert (TRIAL_STATE_NAMES[trial.state], len(trial.intermediate_values)) == ("finished", 2)
    assert list((tmp_path / "trials").iterdir()) == []


def test_a_trial_that_is_behind_is_cut_short(tmp_path: Path) -> None:
    searched(tmp_path, 1)
    study = optuna.load_study(study_name=STUDY_NAME, storage=f"sqlite:///{tmp_path / STUDY_FILE}")
    for _ in range(5):
        perfect = study.ask(study.trials[0].distributions)
        perfect.report(1.0, 1)
        study.tell(perfect, 1.0)

    done = searched(tmp_path, 7)
    last = done[-1]

    assert [one.number for one in done if TRIAL_STATE_NAMES[one.state] == "finished"] == [*range(1, 6), 0]
    assert (last.number, TRIAL_STATE_NAMES[last.state], len(last.intermediate_values)) == (6, "pruned", 1)


@pytest.mark.filterwarnings("ignore:invalid value")  # which is what infinite logits are
def test_a_trial_that_diverges_is_cut_short(tmp_path: Path) -> None:
    wild = replace(SEARCH, start_recipe=replace(SEARCH.start_recipe, learning_rate=1e30))

    (trial,) = searched(tmp_path, 1, wild)

    assert (TRIAL_STATE_NAMES[trial.state], len(trial.intermediate_values)) == ("pruned", 0)


def test_another_search_is_not_mixed_into_a_study(tmp_path: Path) -> None:
    searched(tmp_path, 0)
    longer = replace(SEARCH, start_recipe=replace(SEARCH.start_recipe, epochs=3))
    files = tuple(Path(f"{number}.png") for number in range(len(DATA.train)))
    grouped = replace(SEARCH, data=replace(DATA, train=replace(DATA.train, files=files)))

    for other in (longer, grouped):
        with pytest.raises(WeightsUnusable, match="a search from other settings"):
            searched(tmp_path, 1, other)


@pytest.mark.parametrize(("network", "tried"), [("dense", False), ("labelling2", True)])
def test_dropout_is_searched_where_the_network_has_one(network: TrainableNetworkName, tried: bool) -> None:
    space = make_search_space(replace(PLAIN_RECIPE, network=network), CLASSES)

    assert ("dropout" in space) is tried


def test_what_lies_outside_the_bounds_is_left_to_the_search() -> None:
    start = replace(PLAIN_RECIPE, network="labelling2", erase=20, label_smoothing=0.5, batch_size=1)

    values = choose_starting_values(start, make_search_space(start, CLASSES))

    assert set(values) == {"learning_rate", "weight_decay", "batch_size"}
