"""An engine without worker processes: a test that starts none takes a tenth of the time."""

from collections.abc import Iterator

from labelling.items import Item
from labelling.workers.labeller import Labelled, Say, Setup, chunks_of, failures_named, open_labeller


def here(setup: Setup, items: Iterator[Item], _: int | None, __: Say) -> Labelled:
    """One worker, which is the process of the run itself."""
    with failures_named():
        labeller = open_labeller(setup)
    for chunk in chunks_of(items):
        with failures_named():
            rows = labeller.label(chunk)
        yield chunk, rows
