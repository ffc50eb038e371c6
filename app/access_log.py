"""One log line per request, with latency split into queue, decode, convert and infer.

Never the upload, never a query string, never a key. `text` for a person at a terminal, `json` for a machine.
"""

import json
import logging
import re
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from app.json_text import encode
from app.settings import Settings

RED, YELLOW, PLAIN = "\x1b[31m", "\x1b[33m", "\x1b[0m"
"""ECMA-48, section 8.3.117."""

access = logging.getLogger("wardrobe.access")


def configure_logging(settings: Settings) -> None:
    """Send this service's log lines to stderr, in the format and from the level that are set."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter_of(settings))
    ours = logging.getLogger("wardrobe")
    ours.handlers = [handler]
    ours.setLevel(settings.log_level)
    ours.propagate = False
    # No line tells them, and finding them out costs each record a call of the kernel.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False


def formatter_of(settings: Settings) -> logging.Formatter:
    """How lines are written under these settings, and to where they go."""
    if settings.log_format == "json":
        return JsonLines()
    return ColouredLines() if settings.colours and sys.stderr.isatty() else TextLines()


def log_of_others(name: str) -> None:
    """Write the lines of a library's logger as ours are written, from the same level."""
    ours, theirs = logging.getLogger("wardrobe"), logging.getLogger(name)
    theirs.handlers = list(ours.handlers)
    theirs.setLevel(ours.level)
    theirs.propagate = False


@dataclass(slots=True, kw_only=True)
class Answered:
    """What an access line tells of a request.

    Attributes:
        method: as the client wrote it, and so are `path` and `request_id`.
        path: without its query.
        seconds: wall time of the request.
        stages: milliseconds of each stage of a prediction.
        size: bytes of the request's body, as its header says.
        client: the address.
        key: the name of the API key.
        version: of the model that answered.
        problem: the `type` of the problem that was told, if one was.
        trace_id: of the trace that the request is a part of, where requests are traced.
    """

    method: str
    path: str
    status: int
    seconds: float
    stages: Mapping[str, float] = field(default_factory=dict)
    size: int | None
    client: str | None
    key: str | None = None
    version: str
    request_id: str
    problem: str | None = None
    trace_id: str | None = None


def log_request(answered: Answered) -> None:
    """Write one access line."""
    if not access.isEnabledFor(logging.INFO):
        return
    access.handle(_Answer(answered))


_BLANK = vars(logging.LogRecord(access.name, logging.INFO, "", 0, "", None, None))


class _Answer(logging.LogRecord):
    """What a handler is given of an answer, laid out when it is written."""

    def __init__(self, answered: Answered) -> None:
        # Not by LogRecord's own, which asks for thread, process and file, and that took longer than the rest.
        self.__dict__.update(_BLANK)
        self.msg, self.created, self.answered = answered.path, time.time(), answered

    @property
    def fields(self) -> dict[str, Any]:
        """Its fields by name."""
        return _fields(self.answered)


def _fields(answered: Answered) -> dict[str, Any]:
    fields = {
        "method": answered.method,
        "path": answered.path,
        "status": answered.status,
        "ms": round(answered.seconds * 1000, 3),
        **{f"{stage}_ms": round(spent, 3) for stage, spent in answered.stages.items()},
        "bytes": answered.size,
        "client": answered.client,
        "key": answered.key,
        "version": answered.version,
        "request_id": answered.request_id,
    }
    if answered.problem is not None:
        fields["problem"] = answered.problem.rpartition(":")[2]
    if answered.trace_id is not None:
        fields["trace_id"] = answered.trace_id
    return fields


class JsonLines(logging.Formatter):
    """One JSON object a line: time, level, logger, message or fields."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as one line of JSON."""
        line = {"time": _when(record), "level": record.levelname, "logger": record.name}
        line |= getattr(record, "fields", None) or {"message": record.getMessage()}
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return encode(line).decode()


class TextLines(logging.Formatter):
    """Time, level, then the message or `name=value` pairs without the empty ones."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as a line for a person, with its traceback below if it has one."""
        fields: dict[str, Any] | None = getattr(record, "fields", None)
        what = record.getMessage() if fields is None else _pairs(fields)
        trace = "\n" + self.formatException(record.exc_info) if record.exc_info else ""
        return f"{_when(record)} {record.levelname.lower():7} {what}{trace}"


class ColouredLines(TextLines):
    """The same for a terminal: what went wrong catches the eye."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, in red if it is our failure, in yellow if it is a warning or a client's mistake."""
        line = super().format(record)
        status = (getattr(record, "fields", None) or {}).get("status", 0)
        if record.levelno >= logging.ERROR or status >= 500:
            return f"{RED}{line}{PLAIN}"
        if record.levelno >= logging.WARNING or status >= 400:
            return f"{YELLOW}{line}{PLAIN}"
        return line


_PRINTABLE = re.compile(r"[ -~]*").fullmatch
"""ASCII. The rest, and what has a space, is quoted: it could look like another field or another line."""


def _pairs(fields: dict[str, Any]) -> str:
    told = {name: value for name, value in fields.items() if value is not None}
    line = _template(tuple(told)) % tuple(told.values())
    # Judged as a whole, in a third of the time: nearly every line has only the spaces between its fields.
    if _PRINTABLE(line) and line.count(" ") == len(told) - 1:
        return line
    return " ".join([f"{name}={_quoted(value)}" for name, value in told.items()])


@lru_cache(maxsize=64)
def _template(names: tuple[str, ...]) -> str:
    """What the fields of a line are put into; lines have few sets of names."""
    return " ".join([f"{name}=%s" for name in names])


def _quoted(value: object) -> object:
    harmless = not isinstance(value, str) or (_PRINTABLE(value) and " " not in value)
    return value if harmless else json.dumps(value)


def _when(record: logging.LogRecord) -> str:
    seconds, thousandths = divmod(int(record.created * 1000), 1000)
    return f"{_second(seconds)}.{thousandths:03}+00:00"


@lru_cache(maxsize=2)
def _second(seconds: int) -> str:
    """A time in UTC as ISO 8601 has it; hundreds of lines share one."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
