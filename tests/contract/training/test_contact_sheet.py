"""The sheet of what augmentation does: every kind, the ones that are off too, and the whole recipe."""

from dataclasses import replace
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from inference.header import read_header
from scripts import train
from tests.fashion import striped_pictures, write_idx_folder
from training.data.datasets import LABELS
from training.fitting.augmentation import VARIANTS, draw_contact_sheet
from training.recipes import PLAIN

PICTURES = striped_pictures(40)
RECIPE = replace(PLAIN, flip=True, shift=3, erase=0, rotate=12.0, zoom=0.0, shear=0.0, mixup=0.0)


def titles(figure: Figure) -> list[str]:
    return [str(block.get_suptitle()) for block in figure.subfigs]


def test_each_row_says_what_is_done_and_which_kinds_the_recipe_leaves_out() -> None:
    figure = draw_contact_sheet(RECIPE, PICTURES, LABELS)

    assert titles(figure) == [
        "flip: half of the pictures, left to right",
        "small affine: turned by up to 12°",
        "shift: by up to 3 pixels each way",
        "erase: a square of 8 pixels in half of the pictures (off in this recipe)",
        "mixup: with another picture, in shares from Beta(0.2, 0.2) (off in this recipe)",
        "all together, as training sees them: flip, small affine, shift",
    ]


def test_each_row_begins_with_the_picture_as_it_is_and_goes_on_with_changed_ones() -> None:
    figure = draw_contact_sheet(RECIPE, PICTURES, LABELS)

    shown = np.array([np.asarray(axes.images[0].get_array()) for axes in figure.axes])
    rows = shown.reshape(6, 1 + VARIANTS, 28, 28)
    assert [row[0].tolist() for row in rows] == [PICTURES.images[9 - place].tolist() for place in range(6)]
    assert all((row[1:] != row[0]).any() for row in rows)


def test_the_captions_of_mixed_pictures_name_their_classes() -> None:
    figure = draw_contact_sheet(replace(RECIPE, mixup=1.0), PICTURES, LABELS)

    captions = [axes.get_title() for axes in figure.axes[-VARIANTS:]]
    assert all("Coat" in caption and "%" in caption for caption in captions)


def test_the_sheet_is_written_and_nothing_trained(tmp_path: Path) -> None:
    write_idx_folder(tmp_path / "data", train=100, test=50)
    sheet, run, store = (tmp_path / name for name in ("sheets/out.png", "run", "store"))
    told = ["--data", str(tmp_path / "data"), "--run", str(run), "--out", str(store)]

    code = train.main([*told, "--network", "conv3", "--mixup", "0.4", "--show-augmentation", str(sheet)])

    header = read_header(sheet.read_bytes())
    assert (code, header.format) == (0, "PNG")
    assert header.width > 11 * 84
    assert not run.exists()
    assert not store.exists()
