"""What a training begins with: a release, or a recipe for few pictures."""

from dataclasses import replace
from pathlib import Path

import pytest

from model_store.local import bundled, open_release
from model_store.manifest import DataSet
from scripts import train
from tests.releases import a_release
from training.errors import BadRecipe
from training.fitting.starting import check_start, fine_tuning, for_few
from training.recipes import RECIPES, Recipe, fingerprint, starting_point

DATA = DataSet(name="made-up", train_sha256="d" * 64, test_sha256="e" * 64)


def test_a_release_is_trained_further_in_small_steps_and_named() -> None:
    manifest = bundled().manifest

    recipe = fine_tuning(manifest)

    usual = starting_point(recipe.network)
    assert recipe.network == manifest.training["network"]
    assert recipe.learning_rate == pytest.approx(usual.learning_rate / 10)
    assert recipe.as_json()["start"] == manifest.version


def test_a_checkpoint_of_one_release_trained_further_is_not_taken_for_anothers() -> None:
    fresh = Recipe()

    kinds = {fingerprint(replace(fresh, start=start), DATA) for start in (None, "one", "another")}

    assert len(kinds) == 3
    assert "start" not in fresh.as_json()


def test_an_adopted_release_cannot_be_trained_further(tmp_path: Path) -> None:
    manifest = open_release(a_release(tmp_path)).manifest
    adopted = manifest.model_copy(update={"training": {"network": "conv3", "origin": "adopted"}})

    with pytest.raises(BadRecipe, match=f"--from {manifest.version}: its network was not made here"):
        fine_tuning(adopted)


@pytest.mark.parametrize(
    ("pictures", "batch", "epochs"), [(50, 16, 320), (640, 20, 32), (4096, 128, 32), (60_000, 128, 30)]
)
def test_few_pictures_come_in_smaller_batches_and_more_often(pictures: int, batch: int, epochs: int) -> None:
    recipe = for_few(Recipe(batch_size=128, epochs=30), pictures)

    assert (recipe.batch_size, recipe.epochs) == (batch, epochs)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--from", "bundled", "--network", "conv3"], "leave out --network"),
        (["--check-photos", "photos"], "--check-photos belongs to --photos"),
        (["--variants", "2"], "--variants belongs to --photos"),
        (["--from-version", "20261120T101500Z-3f9a1c2e"], "--from-version belongs to --from"),
    ],
)
def test_contradictory_beginnings_end_with_the_reason(
    arguments: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        train.main([*arguments, "--out", str(tmp_path / "store")])

    assert ended.value.code == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize("version", [None, "20261120T101500Z-3f9a1c2e"])
def test_the_bundled_recipe_wants_the_release_that_it_was_made_for(version: str | None) -> None:
    with pytest.raises(BadRecipe, match=f"trains the release {RECIPES['bundled'].start} further, and"):
        check_start(RECIPES["bundled"], version)


def test_a_recipe_of_fresh_weights_takes_no_release() -> None:
    with pytest.raises(BadRecipe, match="begins with fresh weights"):
        check_start(RECIPES["quick"], "20261120T101500Z-3f9a1c2e")


@pytest.mark.parametrize("name", ["first", "quick"])
def test_a_recipe_of_fresh_weights_needs_none(name: str) -> None:
    check_start(RECIPES[name], None)


def test_the_bundled_recipe_takes_its_own_release() -> None:
    check_start(RECIPES["bundled"], RECIPES["bundled"].start)
