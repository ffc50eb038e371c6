"""Name the files of a feed: `labels-google.csv` beside the table `labels.csv`, and those that go with it.

A feed is the file of products that a sales platform such as Google imports.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from labelling.errors import TableUnusable
from labelling.write.platforms import FEED_PLATFORMS, CustomerFile


def make_feed_path(table: Path, platform: str) -> Path:
    """Return the path of the feed beside a table: `labels-google.csv` beside `labels.csv`."""
    return table.with_name(f"{table.stem}-{platform}.csv")


def make_categories_path(table: Path, platform: str) -> Path:
    """Return the path of the file of categories: `labels-google-categories.csv` beside `labels.csv`."""
    return table.with_name(f"{table.stem}-{platform}-categories.csv")


def make_customer_path(table: Path, platform: str, file: CustomerFile) -> Path:
    """Return the path of a file of genders or age groups: `labels-google-gender.csv` beside `labels.csv`."""
    return table.with_name(f"{table.stem}-{platform}-{file.ending}.csv")


def list_feed_files(table: Path, platform: str) -> list[Path]:
    """Return the paths of all files that a feed writes beside a table.

    Args:
        platform: the name of the platform, such as `google`; empty if no feed is written.

    Returns:
        The feed, the file of categories, and those of genders and age groups; an empty list without a
        platform.
    """
    if not platform:
        return []
    customer_files = [
        make_customer_path(table, platform, file) for file in FEED_PLATFORMS[platform].customers
    ]
    return [make_feed_path(table, platform), make_categories_path(table, platform), *customer_files]


@contextmanager
def mention_earlier_feed(table: Path, platform: str) -> Iterator[None]:
    """Name the feed of an earlier run in the error of a `with` block that fails to write a new one.

    Otherwise a person could import the old file by mistake.

    Raises:
        TableUnusable: the block raised it. The message also names the file of the earlier run.
    """
    try:
        yield
    except TableUnusable as error:
        if (file := make_feed_path(table, platform)).exists():
            raise TableUnusable(f"{error} {file} is still the one of an earlier run.") from error
        raise
