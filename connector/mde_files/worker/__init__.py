"""The project's own Celery app: ``celery -A mde_files.worker worker`` answers the questions of batches.

``app`` is made when the ``celery`` command asks for it, from the user's own configuration.
"""

from __future__ import annotations

import sys
from functools import lru_cache
from typing import Any

from mde_files.errors import MdeFilesError


def __getattr__(name: str) -> Any:
    if name == "app":
        return _app_of_this_process()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


@lru_cache(maxsize=1)
def _app_of_this_process() -> Any:
    from mde_files import config
    from mde_files.worker import application

    try:
        app = application.make_app(config.load_celery())
        application.prepare_worker(app)
    except MdeFilesError as error:
        _end(error)
    return app


def _end(error: MdeFilesError) -> None:
    # The celery command shows any other exception with its traceback.
    sys.stderr.write(f"mde-files: {error.message}\n  {error.hint}\n")
    sys.exit(error.exit_code)
