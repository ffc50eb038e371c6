"""How log lines look: `text` for a person at a terminal, `json` for a machine; one line a request.

Never the upload, never a query string, never a key. How lines reach stderr is log_queue.py.
"""

import json
import logging
import re
import time
from functools import partial
from typing import Any, TypeAlias

from pythonjsonlogger.json import JsonFormatter

from app.observability.log_queue import BackgroundHandler
from app.settings import Settings
from inference.plain_text import shown_lines

LOGGER_NAMES = ("wardrobe", "gunicorn.error", "flask-limiter")
"""Whose lines are written from LOG_LEVEL on; of other libraries, warnings and worse."""

access_log = logging.getLogger("wardrobe.access")

AccessFields: TypeAlias = dict[str, Any]
"""The fields of an access line by name, in its order."""


def create_logging_config(settings: Settings) -> dict[str, Any]:
    """The configuration of all logging in this process, as `logging.config.dictConfig` reads it.

    gunicorn.conf.py applies it, so that the server's own lines have the same form.
    """
    logger_config = {"handlers": ["stderr"], "level": settings.log_level, "propagate": False}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"lines": {"()": lambda: create_formatter(settings)}},
        "handlers": {"stderr": {"()": BackgroundHandler, "formatter": "lines"}},
        "root": {"handlers": ["stderr"], "level": "WARNING"},
        # urllib3 warns, with a traceback, of an answer without whole headers: model_store/s3.py reports it.
        "loggers": dict.fromkeys(LOGGER_NAMES, logger_config) | {"urllib3.connection": {"level": "ERROR"}},
    }


def create_formatter(settings: Settings) -> logging.Formatter:
    """The form of log lines under these settings."""
    return _create_json_formatter() if settings.log_format == "json" else TextLines()


def _create_json_formatter() -> logging.Formatter:
    return JsonLines(
        ["asctime", "levelname", "name", "message"],
        rename_fields={
            "asctime": "time",
            "levelname": "level",
            "name": "logger",
            "exc_info": "exception",
        },
        json_serializer=partial(json.dumps, separators=(",", ":")),
    )


def format_startup_error(message: str, log_format: str) -> str:
    """A line, with its end, on why the service does not start: in the form of the log, JSON or text."""
    if log_format != "json":
        return f"wardrobe: {shown_lines(message)}\n"
    record = logging.makeLogRecord({"name": "wardrobe", "levelname": "CRITICAL", "msg": message})
    return f"{_create_json_formatter().format(record)}\n"


def is_access_logged(level: int) -> bool:
    """Whether an access line of this level is written; ask before its fields are put together."""
    return access_log.isEnabledFor(level)


def log_request(fields: AccessFields, level: int = logging.INFO) -> None:
    """Write one access line.

    Args:
        fields: in this order. Floats are times in milliseconds, and are written to the microsecond.
        level: of the line.
    """
    access_log.log(level, fields)


class UtcLines(logging.Formatter):
    """Lines that begin with the time in UTC."""

    converter = staticmethod(time.gmtime)
    default_time_format = "%Y-%m-%dT%H:%M:%S"
    default_msec_format = "%s.%03d+00:00"


class TextLines(UtcLines):
    """Time, level, then the message or `name=value` pairs."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as a line for a person, with its traceback below if it has one."""
        content = _format_fields(record.msg) if isinstance(record.msg, dict) else record.getMessage()
        trace = "\n" + self.formatException(record.exc_info) if record.exc_info else ""
        return f"{self.formatTime(record)} {record.levelname.lower():7} {content}{trace}"


class JsonLines(UtcLines, JsonFormatter):
    """One JSON object a line: time, level, logger, message or fields."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as an object; one of fields is built here, in a fifth of the library's time."""
        if not isinstance(record.msg, dict):
            return super().format(record)
        line: AccessFields = {
            "time": self.formatTime(record),
            "level": record.levelname,
            "logger": record.name,
        }
        for name, value in record.msg.items():
            line[name] = round(value, 3) if isinstance(value, float) else value
        return _encode_json(line)


_encode_json = json.JSONEncoder(separators=(",", ":")).encode


def _format_fields(fields: AccessFields) -> str:
    return " ".join([f"{name}={_format_value(value)}" for name, value in fields.items()])


def _format_value(value: object) -> object:
    if isinstance(value, float):
        return f"{value:.3f}"
    # Other text could look like another field or another line.
    return json.dumps(value) if isinstance(value, str) and not _IS_HARMLESS(value) else value


_IS_HARMLESS = re.compile("[!-~]*").fullmatch
"""Printable ASCII without spaces."""
