"""How errors leave this package: with their sentence and hint, and with nothing of what led to them.

The frames of a traceback hold variables, and the errors of other libraries hold whole requests. Both carry secrets, and
error reporters show both.
"""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING

from mde_files.errors import MdeFilesError

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import ParamSpec, TypeVar

    Parameters = ParamSpec("Parameters")
    Result = TypeVar("Result")


def leaves_bare(function: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """Let the errors of this package leave ``function`` without the frames and foreign errors behind them.

    Any other error is a fault of this package, and leaves as it is.
    """

    @wraps(function)
    def call(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
        try:
            return function(*args, **kwargs)
        except MdeFilesError as error:
            failure = bare(error)
        # What was given is in this frame too, a configuration with its secrets among it.
        del args, kwargs
        try:
            raise failure
        finally:
            del failure

    return call


def bare(error: MdeFilesError) -> MdeFilesError:
    """Return ``error`` without its frames and without the errors behind it."""
    error.__cause__ = error.__context__ = None
    return error.with_traceback(None)
