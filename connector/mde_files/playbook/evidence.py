"""The one rule that takes files from incidents: which hash is asked for, which never is, and what is the same file."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from mde_files import schemas
from mde_files.playbook.incident import ObservedFile, Skipped
from mde_files.records.text import encodable

if TYPE_CHECKING:
    from collections.abc import Iterable

_LENGTHS = {"sha1": 40, "sha256": 64, "md5": 32}
_TITLES = {"sha1": "SHA-1", "sha256": "SHA-256", "md5": "MD5"}
_HEXADECIMAL = frozenset("0123456789abcdef")
_OF_THE_EMPTY_FILE = frozenset(
    {
        "da39a3ee5e6b4b0d3255bfef95601890afd80709",
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "d41d8cd98f00b204e9800998ecf8427e",
    }
)
_AUTHENTICODE = "sha256ac"
_LONGEST_NAME = 300
_LONGEST_SKIPPED = 128
_MOST_NAMES = 50
_MOST_PLACES = 100


class _Sighting(NamedTuple):
    sha1: str
    sha256: str
    md5: str
    name: str
    place: str


class Evidence:
    """Gathers the files and devices that an incident names; every step takes time in proportion to what is added.

    Args:
        md5: Whether a file of which only the MD5 is known is asked for.
    """

    def __init__(self, *, md5: bool = False) -> None:
        self._md5 = md5
        self._sightings: list[_Sighting] = []
        self._skipped: dict[Skipped, None] = {}
        self._devices: dict[str, None] = {}

    def add_file(self, hashes: Iterable[tuple[str, object]], *, name: str, place: str) -> None:
        """Take what one piece of evidence says about one file.

        Args:
            hashes: Algorithm and value of each hash; algorithms in any spelling: ``sha1``, ``SHA-256``, ``SHA256AC`` …
            name: Name of the file; empty when it is not said.
            place: JSON Pointer to the evidence.
        """
        usable = {"sha1": "", "sha256": "", "md5": ""}
        for algorithm, value in hashes:
            kind = "".join(character for character in algorithm.lower() if character.isalnum())
            usable[kind] = self._usable(kind, value) or usable.get(kind, "")
        sighting = _Sighting(usable["sha1"], usable["sha256"], usable["md5"], encodable(name)[:_LONGEST_NAME], place)
        if sighting[:3] != ("", "", ""):
            self._sightings.append(sighting)

    def add_device(self, *names: str) -> None:
        """Take ids and DNS names of a device that the incident names."""
        self._devices.update(dict.fromkeys(name.lower() for name in names if name))

    def files(self) -> tuple[ObservedFile, ...]:
        """Return each file once, in the order in which they were met, with its best hash."""
        sha1_of: dict[str, str] = {}
        sha256_of: dict[str, str] = {}
        for sighting in self._sightings:
            for weaker in (sighting.sha256, sighting.md5):
                if sighting.sha1 and weaker:
                    sha1_of.setdefault(weaker, sighting.sha1)
            if sighting.sha256 and sighting.md5:
                sha256_of.setdefault(sighting.md5, sighting.sha256)
        found: dict[tuple[str, str], tuple[dict[str, None], dict[str, None]]] = {}
        for sighting in self._sightings:
            sha256 = sighting.sha256 or sha256_of.get(sighting.md5, "")
            sha1 = sighting.sha1 or sha1_of.get(sha256) or sha1_of.get(sighting.md5, "")
            if sha1 or sha256:
                best = (sha1, "sha1") if sha1 else (sha256, "sha256")
            elif self._md5:
                best = (sighting.md5, "md5")
            else:
                self._skip(sighting.md5, "only an MD5 is given, and MD5 is switched off (md5: true switches it on)")
                continue
            names, places = found.setdefault(best, ({}, {}))
            if sighting.name and len(names) < _MOST_NAMES:
                names[sighting.name] = None
            if len(places) < _MOST_PLACES:
                places[sighting.place] = None
        return tuple(
            ObservedFile(value, kind, tuple(names), tuple(places)) for (value, kind), (names, places) in found.items()
        )

    def skipped(self) -> tuple[Skipped, ...]:
        """Return what is not asked for, each value once; complete after :meth:`files`."""
        return tuple(self._skipped)

    def devices(self) -> tuple[str, ...]:
        """Return ids and DNS names of the devices, in lower case."""
        return tuple(self._devices)

    def _usable(self, kind: str, value: object) -> str:
        """Return a hash that can be asked for in lower case, or an empty text."""
        if value is None or value == "":
            return ""
        if not isinstance(value, str):
            self._skip(schemas.shown(value), "it is no text")
            return ""
        digits = value.strip().lower()
        reason = self._reason_against(kind, digits)
        if reason:
            self._skip(encodable(value.strip())[:_LONGEST_SKIPPED], reason)
        return "" if reason else digits

    @staticmethod
    def _reason_against(kind: str, digits: str) -> str:
        if not digits:
            return "it is blank"
        if kind == _AUTHENTICODE:
            return "an Authenticode hash is no hash of the file"
        if kind not in _LENGTHS:
            return "its algorithm is none of SHA-1, SHA-256 and MD5"
        if len(digits) != _LENGTHS[kind]:
            return f"it is given as {_TITLES[kind]} and has {len(digits)} characters instead of {_LENGTHS[kind]}"
        if not _HEXADECIMAL.issuperset(digits):
            return "it has characters that are no hexadecimal digits"
        if not digits.strip("0"):
            return "it is all zeros"
        return "it is the hash of the empty file" if digits in _OF_THE_EMPTY_FILE else ""

    def _skip(self, value: str, reason: str) -> None:
        self._skipped[Skipped(value, reason)] = None
