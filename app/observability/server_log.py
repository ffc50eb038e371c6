"""Write gunicorn's own lines (starts, stops, workers that died) as ours are written, for one parser to read.

Chosen in gunicorn.conf.py. Requests are logged by access_log.py; gunicorn's access log stays off.
"""

import logging
from typing import Any, ClassVar

from gunicorn.glogging import Logger

from app.observability.access_log import TextLines


class ServerLog(Logger):  # type: ignore[misc] # gunicorn has no types
    """gunicorn's logger, writing its lines as `formatter` does."""

    formatter: ClassVar[logging.Formatter] = TextLines()

    def setup(self, cfg: Any) -> None:  # noqa: ANN401 - gunicorn's settings have no type
        """Set up as gunicorn does, then take our format."""
        super().setup(cfg)
        for handler in self.error_log.handlers:
            handler.setFormatter(self.formatter)
