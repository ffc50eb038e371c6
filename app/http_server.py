"""gunicorn that imports nothing from the folder in which the service was started.

app/__main__.py runs this file by its path. `python -m gunicorn` would put the current folder first on the
path of imports, where an `app.py` of another project may lie.
"""

import os
import sys
from pathlib import Path

from gunicorn.app.wsgiapp import WSGIApplication

ROOT = str(Path(__file__).parent.parent)
"""The folder with our packages and wsgi.py. Without a checkout or a wheel, as in the image, only the current
folder would lead Python there."""


class FolderIgnoringApplication(WSGIApplication):  # type: ignore[misc] # gunicorn has no types
    """gunicorn's own application, but for the path of imports."""

    def chdir(self) -> None:
        """Change to the folder of `--chdir`, at the start and at each SIGHUP.

        gunicorn's own method also puts that folder first on the path of imports.
        """
        os.chdir(self.cfg.chdir)


if __name__ == "__main__":
    if ROOT not in sys.path:
        sys.path.insert(0, ROOT)
    FolderIgnoringApplication("%(prog)s [OPTIONS] [APP_MODULE]", prog="gunicorn").run()
