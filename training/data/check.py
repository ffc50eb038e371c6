"""Check pictures of one's own before they are learnt: what cannot be read, what is tiny, what is there twice.

What counts, and what is learnt, is decided by the functions that trainings call: prepare.py.
Opens each file that a listing names, and changes none. Finding files: listed_folders.py; command:
scripts/data.py.
"""

from collections import Counter
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from inference.contract import EDGE
from training.data.files import PictureFile, look, on_all_cores
from training.data.listing import ListedPicture, Listing, of_several_products
from training.data.prepare import Prepared, Settled, prepare, settle
from training.data.rare import Measurable
from training.data.split import with_test_set
from training.progress import Watch

WARNED_UNEVEN: Final = 5
"""So many times the pictures of the smallest class in the largest one are a finding; from fashion.UNEVEN on,
training weighs the classes."""


@dataclass(frozen=True)
class Findings:
    """What was found in a folder of pictures.

    Attributes:
        counts: pictures of each class that can be read.
        unreadable: why, for each that cannot.
        tiny: those whose shorter edge is below the model's input.
        copies: groups of files with the same bytes, of one class.
        near: groups of pictures of one class that are nearly the same.
        in_two_classes: groups that are the same and have several classes, of which one is wrong, or that are
            the same or nearly so, and are in both parts of a divided folder.
        near_in_two_classes: groups that are nearly the same and have several classes: none is learnt.
        near_of_two_labels: groups of one class that are nearly the same and have no label in common of an
            attribute, which is not learnt of them.
        of_learnt_groups: for the test, but of a group or a product that is learnt.
        of_products: the same, but by way of several products: none is wrong, and the same picture is not
            learnt.
        uneven: the largest and the smallest class, if the first has WARNED_UNEVEN times the pictures of the
            second; else None.
        learnt: what a training learns, as trainings decide it; nothing of tiers of photos.
    """

    counts: dict[str, int]
    unreadable: tuple[str, ...]
    tiny: tuple[ListedPicture, ...]
    copies: tuple[tuple[ListedPicture, ...], ...]
    near: tuple[tuple[ListedPicture, ...], ...]
    in_two_classes: tuple[tuple[ListedPicture, ...], ...]
    near_in_two_classes: tuple[tuple[ListedPicture, ...], ...]
    near_of_two_labels: tuple[tuple[ListedPicture, ...], ...]
    of_learnt_groups: tuple[ListedPicture, ...]
    of_products: tuple[tuple[ListedPicture, ...], ...]
    uneven: tuple[str, str] | None
    learnt: Listing

    def measurable(self) -> Measurable:
        """The classes that a training learns.

        Raises:
            BadClasses: see `rare.measurable`.
        """
        return self.learnt.measurable(gone=tuple(self.counts))


def check(listing: Listing, watch: Watch) -> Findings:
    """Decode each content and compare it with all others.

    Args:
        listing: of the pictures.
        watch: called after each content with how many of how many are decoded.

    Raises:
        BadCsv: one picture has two labels of an attribute.
    """
    prepared = prepare(listing)
    looked = on_all_cores(_looked_at, list(prepared.copies.values()), watch)
    contents = dict(zip(prepared.copies, looked, strict=True))
    files = {sha256: file for sha256, file in contents.items() if isinstance(file, PictureFile)}
    undecoded = (why for file in contents.values() if not isinstance(file, PictureFile) for why in file)
    decoded = [picture for picture in prepared.once if picture.sha256 in files]
    settled = settle(decoded, [files[picture.sha256].hash for picture in decoded])
    copies = [prepared.copies[picture.sha256] for picture in decoded]
    near = [_with_copies(group, prepared) for group in settled.together]
    divided = [_with_copies(group, prepared) for group in settled.divided]
    mixed = [_with_copies(group, prepared) for group in settled.in_two_classes]
    is_near = {picture.sha256 for group in settled.near for picture in group}
    counts = Counter(picture.label for sha256 in files for picture in prepared.copies[sha256])
    return Findings(
        counts={label: counts[label] for label in sorted({picture.label for picture in listing.pictures})},
        unreadable=(*prepared.unreadable, *undecoded),
        tiny=tuple(
            picture
            for sha256, file in files.items()
            if file.shorter_edge < EDGE
            for picture in prepared.copies[sha256]
        ),
        copies=tuple(group for group in copies if len(group) > 1 and group[0].sha256 not in is_near),
        near=tuple(near),
        in_two_classes=(*(group for group in prepared.contradicting if group[0].sha256 in files), *divided),
        near_in_two_classes=tuple(group for group in mixed if not of_several_products(group)),
        near_of_two_labels=tuple(_with_copies(group, prepared) for group in settled.of_two_labels),
        of_learnt_groups=tuple(settled.of_learnt_groups),
        of_products=(*prepared.of_products, *filter(of_several_products, mixed)),
        uneven=_uneven(counts),
        learnt=_learnt(prepared, settled, draws=all(file.is_pixels for file in files.values())),
    )


_Group: TypeAlias = tuple[ListedPicture, ...]


def _looked_at(copies: _Group) -> PictureFile | list[str]:
    """A content, or why each of its files cannot be read."""
    looked = look(copies[0].path)
    return [str(look(picture.path)) for picture in copies] if isinstance(looked, str) else looked[0]


def _with_copies(group: _Group, prepared: Prepared) -> _Group:
    return tuple(copy for picture in group for copy in prepared.copies[picture.sha256])


def _learnt(prepared: Prepared, settled: Settled, *, draws: bool) -> Listing:
    """What a training makes of the pictures; it draws a test set of those that it learns by their pixels."""
    pictures = tuple(sorted(settled.pictures, key=lambda picture: picture.sha256))
    return replace(prepared.listing, pictures=with_test_set(pictures) if draws and pictures else pictures)


def _uneven(counts: Counter[str]) -> tuple[str, str] | None:
    if not counts:
        return None
    (largest, most), (smallest, fewest) = counts.most_common()[0], counts.most_common()[-1]
    return (largest, smallest) if most >= WARNED_UNEVEN * fewest else None
