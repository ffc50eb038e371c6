"""A release that is trained further says what it learnt: nothing of that is held out."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from model_store.local import LocalRelease, bundled
from training.data.datasets import LabelledData, LabelledImages
from training.data.learnt import Learnt
from training.errors import BadRecipe
from training.fitting.starting import ParentLearnt
from training.split import split

COUNT = 1200


def pictures(count: int = COUNT, *, first: int = 0) -> LabelledData:
    """Pictures of one's own that differ, of two classes."""
    numbers = np.arange(first, first + count)
    images = np.zeros((count, 28, 28), np.uint8)
    images[:, 0, 0], images[:, 0, 1] = numbers % 256, numbers // 256
    train = LabelledImages(images, (numbers % 2).astype(np.uint8))
    return LabelledData(train, train.take(np.arange(0)), ("a", "b"), named=True, name="things")


def held_out(data: LabelledData, known: Learnt) -> set[str]:
    return set(split(data.train, 2, known).validation.contents.tolist())


def learnt_by(data: LabelledData) -> Learnt:
    return Learnt.of(split(data.train, 2).train.contents)


def release_of(folder: Path, learnt: Learnt | None, **changes: object) -> LocalRelease:
    """The bundled release's manifest over a folder that says what was learnt, or does not."""
    if learnt is not None:
        learnt.save(folder)
    return LocalRelease(folder, bundled().manifest.model_copy(update=changes))


@pytest.mark.parametrize("first", [0, COUNT], ids=["less than the share", "more than the share"])
def test_on_the_same_pictures_a_child_holds_out_what_its_parent_held_out(first: int) -> None:
    data = pictures(first=first)

    of_parent, of_child = held_out(data, Learnt.of(np.array([], str))), held_out(data, learnt_by(data))

    assert of_child == of_parent
    assert len(of_parent) == pytest.approx(COUNT / 12, rel=0.3)


def test_of_more_pictures_a_child_holds_out_its_share_and_nothing_that_its_parent_learnt() -> None:
    more, known = pictures(2 * COUNT), learnt_by(pictures())

    chosen = held_out(more, known)

    assert not known.has(np.array(sorted(chosen))).any()
    assert held_out(pictures(), known) <= chosen
    assert len(chosen) == pytest.approx(2 * COUNT / 12, rel=0.2)


def test_where_a_parent_was_divided_otherwise_as_many_new_pictures_are_held_out_as_there_are() -> None:
    data = pictures()
    known = Learnt.of(data.train.contents[60:])

    assert held_out(data, known) == set(data.train.contents[:60].tolist())


def test_a_group_with_one_picture_that_the_parent_learnt_is_learnt() -> None:
    data = pictures()
    pairs = np.repeat(data.train.contents[::2], 2)
    known = Learnt.of(data.train.contents[:800:2])

    parts = split(replace(data.train, keys=pairs), 2, known)

    assert set(parts.validation.groups).isdisjoint(data.train.contents[:800])
    assert len(parts.validation) > 0


def test_pictures_that_the_parent_learnt_all_of_cannot_be_held_out() -> None:
    data = pictures()

    with pytest.raises(BadRecipe, match="learnt all of these pictures"):
        split(data.train, 2, Learnt.of(data.train.contents))


def test_a_release_is_known_to_have_learnt_what_it_is_trained_further_on(tmp_path: Path) -> None:
    parent = ParentLearnt.of(release_of(tmp_path, learnt_by(pictures())))

    assert parent.learnt_some(pictures().train)
    assert not parent.learnt_some(pictures(first=COUNT).train)
    assert not ParentLearnt.of(bundled()).learnt_some(pictures().train)


def test_test_pictures_that_the_parent_learnt_are_counted(tmp_path: Path) -> None:
    data = pictures()
    parent = ParentLearnt.of(release_of(tmp_path, Learnt.of(data.train.contents[:7])))

    assert parent.doubt(data) is None
    assert "learnt 7 of the test pictures" in str(parent.doubt(replace(data, test=data.train)))


def test_a_release_that_does_not_say_what_it_learnt_gives_a_warning_where_it_may_have_been_this(
    tmp_path: Path,
) -> None:
    data = pictures()
    of_things = ParentLearnt.of(release_of(tmp_path, None, data=data.described()))
    of_pixels = ParentLearnt.of(release_of(tmp_path, None))

    assert "learnt things and does not say which" in str(of_things.doubt(data))
    assert of_things.learnt_some(data.train)
    assert of_pixels.doubt(data) is None
    assert "does not say which" in str(of_pixels.doubt(replace(data, named=False)))
