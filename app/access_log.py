"""One log line per request, with latency split into queue, decode, convert and infer.

Never the upload, never a query string, never a key. `text` for a person at a terminal, `json` for a machine.
"""

import json
import logging
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from app.settings import Settings

access = logging.getLogger("wardrobe.access")


def configure_logging(settings: Settings) -> None:
    """Send this service's log lines to stderr, in the format and from the level that are set."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter_of(settings))
    ours = logging.getLogger("wardrobe")
    ours.handlers = [handler]
    ours.setLevel(settings.log_level)
    ours.propagate = False


def formatter_of(settings: Settings) -> logging.Formatter:
    """How lines are written under these settings."""
    return JsonLines() if settings.log_format == "json" else TextLines()


def log_of_others(name: str) -> None:
    """Write the lines of a library's logger as ours are written, from the same level."""
    ours, theirs = logging.getLogger("wardrobe"), logging.getLogger(name)
    theirs.handlers = list(ours.handlers)
    theirs.setLevel(ours.level)
    theirs.propagate = False


@dataclass(frozen=True, kw_only=True)
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


def log_request(answered: Answered) -> None:
    """Write one access line."""
    fields: dict[str, Any] = {
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
    access.info("%s", answered.path, extra={"fields": fields})


class JsonLines(logging.Formatter):
    """One JSON object a line: time, level, logger, message or fields."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as one line of JSON."""
        line = {"time": _when(record), "level": record.levelname, "logger": record.name}
        line |= getattr(record, "fields", None) or {"message": record.getMessage()}
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line)


class TextLines(logging.Formatter):
    """Time, level, then the message or `name=value` pairs without the empty ones."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as a line for a person, with its traceback below if it has one."""
        fields: dict[str, Any] | None = getattr(record, "fields", None)
        what = record.getMessage() if fields is None else _pairs(fields)
        trace = "\n" + self.formatException(record.exc_info) if record.exc_info else ""
        return f"{_when(record)} {record.levelname.lower():7} {what}{trace}"


def _pairs(fields: dict[str, Any]) -> str:
    return " ".join(f"{name}={_on_one_line(value)}" for name, value in fields.items() if value is not None)


def _on_one_line(value: object) -> str:
    """The value, quoted when a stranger could make it look like another field or another line."""
    text = str(value)
    return text if text.isascii() and text.isprintable() and " " not in text else json.dumps(text)


def _when(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
