"""Which part of a server a stack belongs to. Pure: reads py-spy's folded stacks.

A sample counts for the innermost frame that the table knows: what Python's own libraries do is done for
whoever called them. Compiled code is no frame of its own; it counts for the line that called it.
"""

from collections import Counter
from collections.abc import Iterable

PARTS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("ONNX Runtime", ("onnxruntime/", "inference/onnx_session.py")),
    (
        "decoding, conversion",
        (
            "pixels_of (clothing.py",
            "pixels_of (benchmarks/peers/clothing.py",
            "inference/decode",
            "inference/header.py",
            "inference/convert.py",
            "inference/silhouette",
        ),
    ),
    (
        "server",
        (
            "gunicorn/",
            "app/worker.py",
            "app/connection.py",
            "app/deadlines.py",
            "uvicorn/",
            "multiprocessing/",
        ),
    ),
    (
        "framework",
        ("flask/", "werkzeug/", "starlette/", "fastapi/", "pydantic/", "flask_limiter/", "flask_cors/"),
    ),
    ("this service", ("app/", "inference/", "model_store/", "prometheus_client/", "wsgi.py", "logging/")),
    ("the view", ("floor.py", "clothing.py", "with_fastapi.py")),
    ("server", ("concurrent/futures", "asyncio/", "threading.py", "selectors.py")),
)
"""The first part of which some word stands in a frame owns it."""

SOCKETS = "sockets"
"""Sending, receiving, waiting for connections: the kernel, and taking the interpreter's lock back."""

SOCKET_CALLS = (
    "sendall (",
    "has_more (app/",
    "Selector.select (",
    "RequestResponseCycle.send (uvicorn",  # uvloop's write
    "Runner.run (asyncio/runners.py",  # uvloop's read and poll
    "SocketUnreader.chunk (gunicorn",
    "write (gunicorn/util.py",
)
"""Innermost frames that are nothing else."""

OTHER = "other"


def shares(folded: str) -> dict[str, float]:
    """The share of samples of each part.

    Args:
        folded: lines of `outermost;...;innermost count`, as `py-spy record --format raw` writes them.

    Returns:
        Part to share of 1, the largest first; empty without samples.
    """
    counted: Counter[str] = Counter()
    for line in folded.splitlines():
        stack, _, count = line.rpartition(" ")
        counted[part_of(stack.split(";"))] += int(count)
    total = counted.total()
    return {part: count / total for part, count in counted.most_common()}


def part_of(stack: Iterable[str]) -> str:
    """The part of a stack, outermost frame first."""
    frames = list(reversed(list(stack)))
    if any(call in frames[0] for call in SOCKET_CALLS):
        return SOCKETS
    for frame in frames:
        for part, words in PARTS:
            if any(word in frame for word in words):
                return part
    return OTHER
