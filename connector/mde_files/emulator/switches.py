"""The named switches: one for each point that Microsoft's documentation leaves open."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Literal, get_args, get_type_hints

from mde_files.errors import InvalidConfigError

HashPolicy = Literal["accept", "not_found", "bad_request"]
AlertsHashPolicy = Literal["accept", "empty", "not_found", "bad_request"]


@dataclass
class Switches:
    """How the emulated service behaves where the real one is undocumented.

    Setting an unknown switch or value raises ``InvalidConfigError``, also while the emulator runs.
    ``schemas/scenario.schema.json`` describes each switch.
    """

    stats_shape: Literal["both", "documented", "legacy"] = "both"
    stats_sha256: HashPolicy = "accept"
    stats_md5: HashPolicy = "bad_request"
    stats_device_groups: Literal["ignore", "filter"] = "ignore"
    info_sha256: HashPolicy = "accept"
    info_md5: HashPolicy = "accept"
    alerts_sha256: AlertsHashPolicy = "empty"
    alerts_md5: AlertsHashPolicy = "empty"
    alerts_unknown: Literal["empty", "not_found"] = "empty"
    alerts_permission: Literal["read_or_write", "write_only"] = "read_or_write"
    alerts_shape: Literal["full", "legacy"] = "full"
    alerts_page_size: int | None = None
    not_found_code: Literal["ResourceNotFound", "NotFound"] = "ResourceNotFound"
    look_back_out_of_range: Literal["reject", "clamp"] = "reject"
    evidence_without_expand: Literal["populated", "empty"] = "populated"
    expand: Literal["accept", "reject"] = "accept"
    top_and_skip: Literal["reject", "accept"] = "reject"
    odata_count: Literal["omit", "include"] = "omit"
    next_link: Literal[
        "normal",
        "relative",
        "same",
        "endless",
        "other_host",
        "other_path",
        "other_file",
        "plain_http",
        "not_a_link",
    ] = "normal"
    throttle_hint: Literal["seconds", "date", "body", "none"] = "seconds"
    wrong_audience: Literal["forbidden", "unauthorized"] = "forbidden"
    challenge: Literal["bearer", "claims", "none"] = "bearer"
    prevalence_overflow: Literal["wrap", "saturate", "empty"] = "wrap"
    determination_names: Literal["service", "documented"] = "service"
    etag_mismatch: Literal["conflict", "precondition_failed"] = "conflict"
    timestamps: Literal["verbatim", "whole_seconds", "seven_digits"] = "verbatim"

    def __setattr__(self, name: str, value: Any) -> None:
        """Accept a known switch with a known value."""
        allowed = allowed_values().get(name)
        if allowed is None:
            raise InvalidConfigError(
                f"The emulator has no switch {name!r}.", hint=f"It has: {', '.join(allowed_values())}."
            )
        if name == "alerts_page_size":
            valid = value is None or (type(value) is int and value > 0)
            meaning = "null or a whole number above 0"
        else:
            valid = value in allowed
            meaning = ", ".join(allowed)
        if not valid:
            raise InvalidConfigError(f"The switch {name!r} cannot be {value!r}.", hint=f"It can be: {meaning}.")
        super().__setattr__(name, value)


def allowed_values() -> dict[str, tuple[str, ...]]:
    """Return each switch with the values it takes; empty for the one that is a number."""
    if not _ALLOWED:
        hints = get_type_hints(Switches)
        for field in fields(Switches):
            values = get_args(hints[field.name])
            _ALLOWED[field.name] = values if all(isinstance(value, str) for value in values) else ()
    return _ALLOWED


_ALLOWED: dict[str, tuple[str, ...]] = {}
