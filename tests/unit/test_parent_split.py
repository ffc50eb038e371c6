"""A release that is trained further hands its split on: nothing that it learnt is held out."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from model_store.local import bundled
from model_store.manifest import Manifest
from training.data.datasets import LabelledData, LabelledImages
from training.data.splitting import held_out_indices, split, usual_share
from training.errors import BadRecipe
from training.fitting.starting import ParentSplit, split_record
from training.recipes import Recipe

COUNT = 1200
KEYS = np.array([f"{number:04}" for number in range(2 * COUNT)])


def own_pictures(count: int = COUNT) -> LabelledData:
    """Pictures of one's own that differ, of two classes."""
    numbers = np.arange(count)
    images = np.zeros((count, 28, 28), np.uint8)
    images[:, 0, 0], images[:, 0, 1] = numbers % 256, numbers // 256
    train = LabelledImages(images, (numbers % 2).astype(np.uint8), keys=KEYS[:count])
    return LabelledData(train, train.take(np.arange(10)), ("a", "b"), named=True, name="things")


def in_a_file(count: int = COUNT) -> LabelledData:
    """The same in a file of pixels, which is split by position."""
    data = own_pictures(count)
    return replace(data, train=replace(data.train, keys=None), named=False, name=None)


def usual(data: LabelledData, **fields: Any) -> Recipe:
    return Recipe(**{"validation": usual_share(data.train), **fields})


def parent_of(data: LabelledData, recipe: Recipe) -> Manifest:
    """The manifest of a release that learnt this."""
    training = recipe.as_json() | split_record(recipe, data)
    return bundled().manifest.model_copy(update={"training": training, "data": data.described()})


def learnt_by(data: LabelledData, recipe: Recipe) -> set[bytes]:
    parts = split(data.train, recipe.validation, recipe.splitting, 2)
    return {image.tobytes() for image in parts.train.images}


def held_out_by(data: LabelledData, recipe: Recipe) -> set[bytes]:
    held_out = held_out_indices(data.train, recipe.validation, recipe.splitting)
    return {image.tobytes() for image in data.train.images[held_out]}


@pytest.mark.parametrize("data", [own_pictures(), in_a_file()], ids=["own pictures", "a file of pixels"])
def test_another_seed_holds_out_the_same_pictures_as_the_parent(data: LabelledData) -> None:
    recipe = usual(data, seed=3)
    parent = ParentSplit.of(parent_of(data, recipe))

    further = parent.inherited(usual(data, seed=8), data, {"seed"})

    assert parent.check(further, data) is None
    assert held_out_by(data, further) == held_out_by(data, recipe)
    assert further.seed == 8


@pytest.mark.parametrize("validation", [100, 240])
def test_more_pictures_in_the_folder_hold_out_nothing_that_the_parent_learnt(validation: int) -> None:
    data, more = own_pictures(), own_pictures(2 * COUNT)
    recipe = usual(data, seed=3, validation=validation)
    parent = ParentSplit.of(parent_of(data, recipe))

    further = parent.inherited(usual(more, seed=8), more, {"seed"})

    assert parent.check(further, more) is None
    assert held_out_by(more, further).isdisjoint(learnt_by(data, recipe))
    assert len(held_out_by(more, further)) == pytest.approx(2 * len(held_out_by(data, recipe)), rel=0.2)


@pytest.mark.parametrize(
    "given", [{"split_seed": 4}, {"validation": 300}, {"split_seed": 4, "validation": 50}]
)
@pytest.mark.parametrize(
    ("data", "then", "message"),
    [
        (own_pictures(), own_pictures(), "it learnt .* of the pictures that would be held out"),
        (in_a_file(), in_a_file(), "it learnt .* of the pictures that would be held out"),
        (own_pictures(), own_pictures(2 * COUNT), "it may have learnt pictures that would be held out"),
    ],
    ids=["own pictures", "a file of pixels", "more own pictures"],
)
def test_a_split_that_holds_out_what_the_parent_learnt_is_refused(
    data: LabelledData, then: LabelledData, message: str, given: dict[str, int]
) -> None:
    parent = ParentSplit.of(parent_of(data, usual(data, seed=3)))
    more = {
        name: value * len(then.train) // COUNT if name == "validation" else value
        for name, value in given.items()
    }

    recipe = parent.inherited(usual(then, **more), then, set(more))

    with pytest.raises(BadRecipe, match=f"{message}.*--split-seed 3 --validation 100"):
        parent.check(recipe, then)


def test_fewer_held_out_pictures_are_among_those_of_the_parent() -> None:
    data = own_pictures()
    parent = ParentSplit.of(parent_of(data, usual(data)))

    recipe = parent.inherited(usual(data, validation=40), data, {"validation"})

    assert parent.check(recipe, data) is None
    assert recipe.validation == 40


def test_a_parent_of_a_quick_try_says_with_which_limit_it_was_made() -> None:
    data = in_a_file()
    parent = ParentSplit.of(parent_of(data, usual(data, limit=600, validation=50)))

    everything = parent.inherited(usual(data), data, set())
    as_before = parent.inherited(usual(data, limit=600), data, set())

    with pytest.raises(BadRecipe, match="--validation 50 --limit 600"):
        parent.check(everything, data)
    assert parent.check(as_before, data) is None


def test_a_parent_of_other_pictures_that_does_not_say_which_gives_a_warning() -> None:
    old = parent_of(in_a_file(), usual(in_a_file()))
    grown = own_pictures(2 * COUNT)
    of_things = old.model_copy(update={"data": own_pictures().described()})

    warnings = [
        ParentSplit.of(old).check(usual(in_a_file(2 * COUNT)), in_a_file(2 * COUNT)),
        ParentSplit.of(of_things).check(usual(grown), grown),
    ]

    assert all("not known which pictures" in str(warning) for warning in warnings)


@pytest.mark.parametrize(("grouped", "has_test"), [(True, False), (False, True)])
def test_more_pictures_that_are_divided_otherwise_give_a_warning(grouped: bool, has_test: bool) -> None:
    parent = ParentSplit.of(parent_of(own_pictures(), usual(own_pictures())))
    more = own_pictures(2 * COUNT)
    recipe = parent.inherited(usual(more), more, set())

    assert parent.check(recipe, more) is None
    assert "not known which pictures" in str(
        parent.check(recipe, replace(more, grouped=grouped, has_test=has_test))
    )


def test_own_pictures_on_top_of_fashion_mnist_need_no_warning() -> None:
    data = own_pictures()

    parent = ParentSplit.of(bundled().manifest)

    assert parent.check(parent.inherited(usual(data), data, set()), data) is None


def test_a_manifest_without_a_seed_of_its_split_gives_a_warning() -> None:
    data = in_a_file()
    manifest = parent_of(data, usual(data))
    unknown = manifest.model_copy(update={"training": {"network": "conv3"}})

    assert "not known which" in str(ParentSplit.of(unknown).check(usual(data), data))


@pytest.mark.parametrize("data", [own_pictures(), in_a_file()], ids=["own pictures", "a file of pixels"])
def test_a_release_is_known_to_have_learnt_what_it_is_trained_further_on(data: LabelledData) -> None:
    parent = ParentSplit.of(parent_of(data, usual(data)))

    assert parent.learnt_some(data)
    assert not ParentSplit.of(bundled().manifest).learnt_some(own_pictures())


def test_photos_that_a_release_learnt_choose_no_thresholds_of_the_next_one() -> None:
    parent = ParentSplit.of(bundled().manifest)
    said: list[str] = []

    with pytest.raises(BadRecipe, match="learnt these photos"):
        parent.check_photos(parent.photos, dealt=True, complain=said.append)
    parent.check_photos(parent.photos, dealt=False, complain=said.append)
    assert said == []
    for dealt in (True, False):
        parent.check_photos("others", dealt=dealt, complain=said.append)

    assert len(said) == 2
    assert "name others with --check-photos" in said[0]
