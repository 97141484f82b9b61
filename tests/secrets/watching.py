"""Everything that a process could tell of an error, an object or a folder, for the search after secrets."""

from __future__ import annotations

import gc
import json
import traceback
import types
from pathlib import Path
from typing import TYPE_CHECKING, Any

import structlog

from mde_files.errors import MdeFilesError
from mde_files.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_OWN_FOLDER = str(Path(__file__).parents[1])
_CLOSED = (types.ModuleType, type, types.CodeType, types.FrameType, types.BuiltinFunctionType)


def failure_of(call: Callable[[], object]) -> BaseException | None:
    """Return what ``call`` raises, without the frame of the caller itself, which may hold anything."""
    try:
        call()
    except Exception as error:  # noqa: BLE001 - whatever it is, it is looked at
        own = error.__traceback__
        while own is not None and own.tb_frame.f_code.co_filename.startswith(_OWN_FOLDER):
            own = own.tb_next
        return error.with_traceback(own)
    return None


def told_by(error: BaseException) -> Iterator[tuple[str, str]]:
    """Yield what may be shown of an error and everything behind it, each text with where it stands."""
    waiting, seen = [error], set()
    while waiting:
        current = waiting.pop()
        if id(current) in seen:
            continue
        seen.add(id(current))
        name = type(current).__name__
        yield f"{name}: text", f"{current} {current!r} {current.args!r}"
        yield f"{name}: attributes", repr(vars(current))
        if isinstance(current, MdeFilesError):
            yield f"{name}: record", json.dumps(current.as_dict())
        request = getattr(current, "request", None)
        if request is not None:
            yield f"{name}: request", repr({key: repr(value) for key, value in vars(request).items()})
        waiting += [behind for behind in (current.__cause__, current.__context__) if behind is not None]
    shown = traceback.TracebackException.from_exception(error, capture_locals=True, compact=False)
    yield "traceback with variables", "".join(shown.format())
    trace = structlog.tracebacks.extract(type(error), error, error.__traceback__, show_locals=True)
    yield "traceback of structlog", repr(trace)


def reachable(root: object) -> Iterator[tuple[str, str]]:
    """Yield what every object that is reachable from ``root`` says of itself, with the way there.

    A ``Secret`` is asked what it says, and not opened; nor are modules and classes.
    """
    waiting: list[tuple[object, str]] = [(root, type(root).__name__)]
    kept, seen = [root], {id(root)}
    while waiting:
        current, way = waiting.pop()
        if isinstance(current, _CLOSED):
            continue
        for say in (repr, str):
            try:
                yield way, say(current)
            except Exception:  # noqa: BLE001, S112 - some objects say nothing half made
                continue
        if isinstance(current, Secret):
            continue
        if isinstance(current, bytes | bytearray):
            yield way, bytes(current).decode("latin-1")
        names = _names(current)
        for inner in _inner(current):
            if id(inner) not in seen:
                kept.append(inner)
                seen.add(id(inner))
                waiting.append((inner, f"{way}.{names.get(id(inner), type(inner).__name__)}"))


def _inner(current: object) -> list[Any]:
    if isinstance(current, types.FunctionType):
        return [part for part in (current.__closure__, current.__defaults__, current.__kwdefaults__) if part]
    if isinstance(current, types.MethodType):
        return [current.__self__]
    return gc.get_referents(current)


def _names(current: object) -> dict[int, str]:
    held = current if isinstance(current, dict) else getattr(current, "__dict__", {})
    return {id(value): str(key)[:40] for key, value in dict(held).items()}


def files_below(*folders: Path) -> Iterator[tuple[Path, bytes]]:
    """Yield every file below some folders with its content."""
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                yield path, path.read_bytes()
