"""An engine without worker processes: a test that starts none takes a tenth of the time."""

from collections.abc import Iterator

from labelling.sources.items import Item
from labelling.workers.labeller import (
    LabelledChunks,
    Say,
    Setup,
    group_into_chunks,
    name_failures,
    open_labeller,
)


def here(setup: Setup, items: Iterator[Item], _: int | None, __: Say) -> LabelledChunks:
    """One worker, which is the process of the run itself."""
    with name_failures():
        labeller = open_labeller(setup)
    for chunk in group_into_chunks(items):
        with name_failures():
            rows = labeller.label(chunk)
        yield chunk, rows
