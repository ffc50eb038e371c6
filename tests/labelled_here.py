"""An engine without worker processes: a test that starts none takes a tenth of the time."""

from collections.abc import Iterator

from labelling.sources.items import PictureItem
from labelling.workers.labeller import (
    LabelledChunks,
    Say,
    WorkerSetup,
    convert_failures,
    group_into_chunks,
    open_labeller,
)


def here(setup: WorkerSetup, items: Iterator[PictureItem], _: int | None, __: Say) -> LabelledChunks:
    """One worker, which is the process of the run itself."""
    with convert_failures():
        labeller = open_labeller(setup)
    for chunk in group_into_chunks(items):
        with convert_failures():
            rows = labeller.label_pictures(chunk)
        yield chunk, rows
