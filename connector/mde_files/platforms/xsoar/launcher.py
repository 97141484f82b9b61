"""Imports modules from a table of their sources; the end of the script that the platform runs.

The platform takes an integration as one script and runs it in an image that nothing can be installed into. No folder is
written: what is imported is what the script shows.
"""

import importlib.abc
import importlib.machinery
import importlib.util
import sys
from collections.abc import Mapping, Sequence
from types import ModuleType

_PACKAGE = "mde_files"
_DIGEST = "mde_files_digest"


class CarriedSource(importlib.abc.MetaPathFinder, importlib.abc.SourceLoader):  # type: ignore[misc]
    """Finds and loads what the table holds.

    Args:
        files: Contents by name, such as ``mde_files/config.py``; data files are among them.
        digest: Tells one table from another.
    """

    def __init__(self, files: Mapping[str, str], digest: str) -> None:
        self._files = files
        self.mde_files_digest = digest

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None = None,  # noqa: ARG002 - the table knows full names
        target: ModuleType | None = None,  # noqa: ARG002
    ) -> importlib.machinery.ModuleSpec | None:
        """Return how to load a module; ``None``: the table does not hold it."""
        if self._file(fullname) is None:
            return None
        return importlib.util.spec_from_loader(fullname, self)

    def get_filename(self, fullname: str) -> str:
        """Return the name that tracebacks show."""
        name = self._file(fullname)
        if name is None:
            raise ImportError(fullname)
        return name

    def get_data(self, path: str) -> bytes:
        """Return the content of a file of the table."""
        content = self._files.get(str(path).replace("\\", "/"))
        if content is None:
            raise FileNotFoundError(path)
        return content.encode()

    def _file(self, fullname: str) -> str | None:
        stem = fullname.replace(".", "/")
        return next((name for name in (f"{stem}/__init__.py", f"{stem}.py") if name in self._files), None)


def carried(files: Mapping[str, str], digest: str) -> ModuleType:
    """Return the integration's module, imported from the table.

    A process may run the script again and again: modules of the same table are kept, those of another one replaced.
    """
    if digest not in [getattr(finder, _DIGEST, None) for finder in sys.meta_path]:
        for name in [name for name in sys.modules if name.partition(".")[0] == _PACKAGE]:
            del sys.modules[name]
        sys.meta_path[:] = [finder for finder in sys.meta_path if not hasattr(finder, _DIGEST)]
        sys.meta_path.insert(0, CarriedSource(files, digest))
    return importlib.import_module("mde_files.platforms.xsoar.integration")
