"""How log lines look: `text` for a person at a terminal, `json` for a machine; one line a request.

Never the upload, never a query string, never a key. How lines reach stderr is log_queue.py.
"""

import json
import logging
import sys
import time
from typing import Any, TypeAlias

from app.observability.log_queue import BackgroundHandler
from app.settings import Settings

RED, YELLOW, PLAIN = "\x1b[31m", "\x1b[33m", "\x1b[0m"
"""ECMA-48, section 8.3.117."""

LOGGERS = ("wardrobe", "gunicorn.error", "flask-limiter", "opentelemetry")
"""Whose lines are written from LOG_LEVEL on; of other libraries, warnings and worse."""

access = logging.getLogger("wardrobe.access")

Fields: TypeAlias = dict[str, Any]
"""The fields of an access line by name, in its order."""


def logging_config(settings: Settings) -> dict[str, Any]:
    """The configuration of all logging in this process, as `logging.config.dictConfig` reads it.

    gunicorn.conf.py applies it, so that the server's own lines have the same form.
    """
    ours = {"handlers": ["stderr"], "level": settings.log_level, "propagate": False}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"lines": {"()": lambda: formatter_of(settings)}},
        "handlers": {"stderr": {"()": BackgroundHandler, "formatter": "lines"}},
        "root": {"handlers": ["stderr"], "level": "WARNING"},
        # urllib3 warns, with a traceback, of an answer without whole headers: model_store/s3.py reports it.
        "loggers": dict.fromkeys(LOGGERS, ours) | {"urllib3.connection": {"level": "ERROR"}},
    }


def formatter_of(settings: Settings) -> logging.Formatter:
    """The form of log lines under these settings, for where they go."""
    if settings.log_format == "json":
        return JsonLines()
    return ColouredLines() if settings.colours and sys.stderr.isatty() else TextLines()


def log_request(fields: Fields, level: int = logging.INFO) -> None:
    """Write one access line.

    Args:
        fields: in this order; `path` is one of them. Times (names that end in `ms`) are floats, in
            milliseconds, and are written to the microsecond.
        level: of the line.
    """
    if access.isEnabledFor(level):
        access.log(level, fields["path"], extra={"fields": fields})


class TextLines(logging.Formatter):
    """Time, level, then the message or `name=value` pairs."""

    converter = staticmethod(time.gmtime)
    default_time_format = "%Y-%m-%dT%H:%M:%S"
    default_msec_format = "%s.%03d+00:00"

    def format(self, record: logging.LogRecord) -> str:
        """The record as a line for a person, with its traceback below if it has one."""
        fields = _fields(record)
        what = _pairs(fields) if fields else record.getMessage()
        trace = "\n" + self.formatException(record.exc_info) if record.exc_info else ""
        return f"{self.formatTime(record)} {record.levelname.lower():7} {what}{trace}"


class ColouredLines(TextLines):
    """The same for a terminal, with failures coloured."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, in red for a failure of ours, in yellow for a warning or a client's mistake."""
        line = super().format(record)
        status = _fields(record).get("status", 0)
        if record.levelno >= logging.ERROR or status >= 500:
            return f"{RED}{line}{PLAIN}"
        if record.levelno >= logging.WARNING or status >= 400:
            return f"{YELLOW}{line}{PLAIN}"
        return line


class JsonLines(TextLines):
    """One JSON object a line: time, level, logger, message or fields."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as one line of JSON."""
        line: dict[str, Any] = {
            "time": self.formatTime(record),
            "level": record.levelname,
            "logger": record.name,
        }
        fields = _fields(record)
        if fields:
            line |= {name: _rounded(value) for name, value in fields.items()}
        else:
            line["message"] = record.getMessage()
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, separators=(",", ":"))


def _fields(record: logging.LogRecord) -> Fields:
    """The fields of an access line; other records have none."""
    fields: Fields = getattr(record, "fields", {})
    return fields


def _pairs(fields: Fields) -> str:
    return " ".join([f"{name}={_text(name, value)}" for name, value in fields.items()])


def _text(name: str, value: object) -> object:
    if name.endswith("ms"):
        return f"{value:.3f}"
    harmless = not isinstance(value, str) or (value.isascii() and value.isprintable() and " " not in value)
    return value if harmless else json.dumps(value)  # it could look like another field or another line


def _rounded(value: object) -> object:
    """Times to the microsecond, as text has them."""
    return round(value, 3) if isinstance(value, float) else value
