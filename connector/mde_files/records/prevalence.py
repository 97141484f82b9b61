"""One number of devices from the two spellings and two types in which the service gives it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mde_files.records.reading import read_count

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mde_files.records.unmapped import Unmapped


def read_prevalence(
    answer: Mapping[str, Any],
    integer_key: str,
    text_key: str,
    unmapped: Unmapped,
    caveats: list[dict[str, str]],
) -> int | None:
    """Return the number of devices, or None when neither property has one; absent is never 0.

    The service sends an Int32 and an older String property (Microsoft Learn: get-file-statistics, now and in
    2020). A negative Int32 is an overflow, so the text decides then. Disagreement keeps the larger number.

    Args:
        answer: The statistics as they came.
        integer_key: The newer property, ``organizationPrevalence`` or ``globallyPrevalence``.
        text_key: The older one, ``orgPrevalence`` or ``globalPrevalence``.
        unmapped: Takes values that are no number of devices.
        caveats: Takes ``prevalence_mismatch``.
    """
    newer, older = _read(answer, integer_key, unmapped), _read(answer, text_key, unmapped)
    if newer is None or older is None or newer == older:
        return older if newer is None else newer
    told = f"{integer_key} {newer:,} and {text_key} {older:,}"
    caveats.append(
        {
            "code": "prevalence_mismatch",
            "message": f"The service gives two different numbers, {told}; the larger one was kept.",
        }
    )
    return max(newer, older)


def _read(answer: Mapping[str, Any], key: str, unmapped: Unmapped) -> int | None:
    value = answer.get(key)
    return None if value is None else read_count(value, (key,), unmapped)
