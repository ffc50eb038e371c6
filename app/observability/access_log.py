"""One log line per request, with latency split into queue, decode, convert and infer.

Never the upload, never a query string, never a key. `text` for a person at a terminal, `json` for a machine.
"""

import json
import logging
import sys
import time
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, TypeAlias

from app.json_text import encode
from app.settings import Settings

RED, YELLOW, PLAIN = "\x1b[31m", "\x1b[33m", "\x1b[0m"
"""ECMA-48, section 8.3.117."""

access = logging.getLogger("wardrobe.access")

Fields: TypeAlias = dict[str, Any]
"""What an access line tells, by name."""


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


_BLANK = vars(logging.LogRecord(access.name, logging.INFO, "", 0, "", None, None))


class AccessRecord(logging.LogRecord):
    """What a handler is given of an answered request.

    Attributes:
        fields: what its line tells, by name.
    """

    def __init__(self, fields: Fields) -> None:
        # Not by LogRecord's own, which asks for thread, process and file: 5 us.
        self.__dict__.update(_BLANK)
        self.msg, self.created, self.fields = fields["path"], time.time(), fields


def log_request(fields: Fields) -> None:
    """Write one access line.

    Args:
        fields: what it tells, in this order; `path` is one of them. Times (names in `ms`) are floats,
            in milliseconds, and are told to the microsecond.
    """
    if access.isEnabledFor(logging.INFO):
        access.handle(AccessRecord(fields))


class JsonLines(logging.Formatter):
    """One JSON object a line: time, level, logger, message or fields."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as one line of JSON."""
        line: dict[str, Any] = {"time": _when(record), "level": record.levelname, "logger": record.name}
        if isinstance(record, AccessRecord):
            line |= {name: _rounded(value) for name, value in record.fields.items()}
        else:
            line["message"] = record.getMessage()
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return encode(line).decode()


class TextLines(logging.Formatter):
    """Time, level, then the message or `name=value` pairs."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as a line for a person, with its traceback below if it has one."""
        what = _pairs(record.fields) if isinstance(record, AccessRecord) else record.getMessage()
        trace = "\n" + self.formatException(record.exc_info) if record.exc_info else ""
        return f"{_when(record)} {record.levelname.lower():7} {what}{trace}"


class ColouredLines(TextLines):
    """The same for a terminal: what went wrong catches the eye."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, in red if it is our failure, in yellow if it is a warning or a client's mistake."""
        line = super().format(record)
        status = record.fields["status"] if isinstance(record, AccessRecord) else 0
        if record.levelno >= logging.ERROR or status >= 500:
            return f"{RED}{line}{PLAIN}"
        if record.levelno >= logging.WARNING or status >= 400:
            return f"{YELLOW}{line}{PLAIN}"
        return line


def _pairs(fields: Fields) -> str:
    template, values = _template(tuple(fields)), tuple(fields.values())
    line = template % values
    # Judged as a whole: nearly every line has only the spaces between its fields.
    if _is_plain(line) and line.count(" ") == len(fields) - 1:
        return line
    return template % tuple([_quoted(value) for value in values])


@lru_cache(maxsize=64)
def _template(names: tuple[str, ...]) -> str:
    """What the fields of a line are put into; lines have few sets of names."""
    return " ".join([f"{name}=%.3f" if name.endswith("ms") else f"{name}=%s" for name in names])


def _is_plain(text: str) -> bool:
    """Whether it is printable ASCII. The rest could look like another field or another line."""
    return text.isascii() and text.isprintable()


def _quoted(value: object) -> object:
    harmless = not isinstance(value, str) or (_is_plain(value) and " " not in value)
    return value if harmless else json.dumps(value)


def _rounded(value: object) -> object:
    """Times to the microsecond, as text has them; the rest as it is."""
    return round(value, 3) if isinstance(value, float) else value


def _when(record: logging.LogRecord) -> str:
    seconds, thousandths = divmod(int(record.created * 1000), 1000)
    return f"{_second(seconds)}.{thousandths:03}+00:00"


@lru_cache(maxsize=2)
def _second(seconds: int) -> str:
    """A time in UTC as ISO 8601 has it; hundreds of lines share one."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
