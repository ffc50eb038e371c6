"""The format of log lines: `text` for a person at a terminal, `json` for a machine.

Each request gives one line, which contains neither the upload nor the query string nor a key.
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
from inference.text.plain_text import escape_unprintable_lines

LOGGER_NAMES = ("wardrobe", "gunicorn.error", "flask-limiter")
"""Names of the loggers whose lines are written from LOG_LEVEL on. Other libraries log only warnings and
errors."""

access_log = logging.getLogger("wardrobe.access")

AccessFields: TypeAlias = dict[str, Any]
"""The fields of an access log line (the line about one request), such as `status`, in their order."""


def create_logging_config(settings: Settings) -> dict[str, Any]:
    """Return the configuration of all loggers in this process, for `logging.config.dictConfig`."""
    logger_config = {"handlers": ["stderr"], "level": settings.log_level, "propagate": False}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"lines": {"()": lambda: create_formatter(settings)}},
        "handlers": {"stderr": {"()": BackgroundHandler, "formatter": "lines"}},
        "root": {"handlers": ["stderr"], "level": "WARNING"},
        # urllib3 logs a traceback for an answer without whole headers; model_store/s3.py reports it.
        "loggers": dict.fromkeys(LOGGER_NAMES, logger_config) | {"urllib3.connection": {"level": "ERROR"}},
    }


def create_formatter(settings: Settings) -> logging.Formatter:
    """Return the formatter for log lines: as text or JSON, as the settings say."""
    return _create_json_formatter() if settings.log_format == "json" else TextFormatter()


def _create_json_formatter() -> logging.Formatter:
    return JsonLineFormatter(
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
    """Return the log line that says why the service does not start, with a newline at its end.

    Args:
        log_format: `json` for a JSON object; any other value for text.
    """
    if log_format != "json":
        return f"wardrobe: {escape_unprintable_lines(message)}\n"
    record = logging.makeLogRecord({"name": "wardrobe", "levelname": "CRITICAL", "msg": message})
    return f"{_create_json_formatter().format(record)}\n"


def is_access_logged(level: int) -> bool:
    """Return whether access log lines of this level are written at all.

    If they are not, the caller saves the time of collecting their fields.
    """
    return access_log.isEnabledFor(level)


def log_request(fields: AccessFields, level: int = logging.INFO) -> None:
    """Write the access log line of one request.

    Args:
        fields: the fields of the line, in their order. Floats are milliseconds, and are written with three
            digits behind the point.
        level: the level of the line, as in `logging`.
    """
    access_log.log(level, fields)


class UtcFormatter(logging.Formatter):
    """A formatter whose lines begin with the time in UTC."""

    converter = staticmethod(time.gmtime)
    default_time_format = "%Y-%m-%dT%H:%M:%S"
    default_msec_format = "%s.%03d+00:00"


class TextFormatter(UtcFormatter):
    """A formatter for people: time and level, then the message, or the fields as `name=value` pairs."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the log line of a record, with the traceback below if there is one."""
        content = _format_fields(record.msg) if isinstance(record.msg, dict) else record.getMessage()
        trace = "\n" + self.formatException(record.exc_info) if record.exc_info else ""
        return f"{self.formatTime(record)} {record.levelname.lower():7} {content}{trace}"


class JsonLineFormatter(UtcFormatter, JsonFormatter):
    """A formatter that writes each record as one JSON object: time, level, logger, and message or fields."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the JSON object of a record."""
        # Access log lines are built without the library, which would need five times as long.
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
    # A text with other characters could look like another field or another line.
    return json.dumps(value) if isinstance(value, str) and not _IS_HARMLESS(value) else value


_IS_HARMLESS = re.compile("[!-~]*").fullmatch
"""Function that matches a text of printable ASCII characters without spaces, which needs no quotation
marks."""
