"""Generated and broken lists of alerts, over pages and under limits, the whole way to the record."""

from __future__ import annotations

import copy
from collections import Counter
from typing import TYPE_CHECKING, Any

from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from mde_files import schemas

from .conftest import Way, judged, kept_or_refused
from .documents import SHA1, json_text, mutated, spoiled, valid
from .oracle import Account, instant, numbers_in, read_json, readable, techniques, whole_number
from .shapes import alert_shape

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from hypothesis import settings
    from tests.fault_table import FaultTable

ALERT = alert_shape()
PAGE = Draft202012Validator(schemas.load("upstream_alerts"))
SEVERITIES = ("unspecified", "informational", "low", "medium", "other", "high")
STATUSES = {"unknown", "unspecified", "new", "resolved", "hidden"}
NEXT = f"https://api.security.microsoft.com/api/files/{SHA1}/alerts?$skip="
FEW = Way(max_alerts=2, max_evidence=1)

one_alert = valid(ALERT, "id", "severity", "status", "incidentId")
one_page = st.fixed_dictionaries({"value": st.lists(one_alert, max_size=3)})


@st.composite
def answers(draw: Callable[..., Any]) -> list[bytes]:
    """Return one to three pages, each valid or broken, that lead to one another."""
    last = draw(st.integers(0, 2))
    pages = []
    for number in range(last + 1):
        page = draw(st.sampled_from([one_page, mutated(one_page), mutated(one_page)]).flatmap(lambda chosen: chosen))
        if isinstance(page, dict) and number < last:
            page = {**page, "@odata.nextLink": f"{NEXT}{number}"}
        pages.append(draw(spoiled(json_text(page))))
    return pages


def pages_that_count(bodies: Sequence[bytes]) -> tuple[list[dict[str, Any]], bool]:
    """Return the answers up to the first that is none, and whether those are all."""
    pages: list[dict[str, Any]] = []
    for body in bodies:
        try:
            page = read_json(body)
        except (ValueError, RecursionError):
            return pages, False
        if not PAGE.is_valid(page):
            return pages, False
        pages.append(page)
        if not page.get("@odata.nextLink"):
            return pages, True
    return pages, True


def each_once(alerts: Sequence[dict[str, Any]], pages: int) -> list[dict[str, Any]]:
    """Return the alerts of several pages, on which one can come again while they are read: the first of each id."""
    if pages < 2:
        return list(alerts)
    return [
        alert
        for place, alert in enumerate(alerts)
        if not (isinstance(alert.get("id"), str) and alert["id"])
        or all(earlier.get("id") != alert["id"] for earlier in alerts[:place])
    ]


def severity(alert: Mapping[str, Any]) -> str:
    said = alert.get("severity")
    if said in (None, ""):
        return "unspecified"
    return said.lower() if isinstance(said, str) and said.lower() in set(SEVERITIES) - {"other"} else "other"


def status(alert: Mapping[str, Any]) -> str:
    said = alert.get("status")
    if said in (None, ""):
        return "unspecified"
    named = said.lower() if isinstance(said, str) else ""
    return "in_progress" if named == "inprogress" else named if named in STATUSES else "other"


def devices(alerts: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Return each device once: by its id, with the first name given for it; by name only where no id has that name."""
    known: dict[str, dict[str, str]] = {}
    nameless: list[str] = []
    for alert in alerts:
        machine, name = (
            readable(said) if isinstance(said, str) else ""
            for said in (alert.get("machineId"), alert.get("computerDnsName"))
        )
        if machine:
            device = known.setdefault(machine, {"machine_id": machine})
            if name:
                device.setdefault("name", name)
        elif name and name not in nameless:
            nameless.append(name)
    named = {device.get("name") for device in known.values()}
    return [*known.values(), *({"name": name} for name in nameless if name not in named)]


def account_for_alerts(
    record: Mapping[str, Any], bodies: Sequence[bytes], max_alerts: int = 100, max_evidence: int = 25
) -> None:
    pages, complete = pages_that_count(bodies)
    alerts = each_once([alert for page in pages for alert in page["value"]], len(pages))
    account = Account(record.get("unmapped", []))
    for page in pages:
        account.object({key: value for key, value in page.items() if key != "value"}, {}, {})
    if not alerts and not complete:
        assert record["outcome"] == "not_queried"
        account.settle()
        return
    order = sorted(
        range(len(alerts)),
        key=lambda place: (
            -SEVERITIES.index(severity(alerts[place])),
            -(instant(alerts[place].get("alertCreationTime")) or 0),
        ),
    )
    body = record["file_alerts"]
    assert body.get("total") == (len(alerts) if complete else None)
    assert body["returned"] == len(body["alerts"]) == min(len(alerts), max_alerts)
    assert body["truncated"] == (not complete or len(alerts) > max_alerts)
    assert +Counter(body["by_severity"]) == Counter(map(severity, alerts))
    assert +Counter(body["by_status"]) == Counter(map(status, alerts))
    assert body["mitre_techniques"] == sorted(
        {name for alert in alerts for name in techniques(alert.get("mitreTechniques"))}
    )
    incidents = {whole_number(alert.get("incidentId")) for alert in alerts} - {None}
    assert body["incident_ids"] == sorted(incidents)
    assert body["devices"] == devices([alerts[place] for place in order])
    for name, key, choose in (("first_activity", "firstEventTime", min), ("last_activity", "lastEventTime", max)):
        moments = [moment for alert in alerts if (moment := instant(alert.get(key))) is not None]
        assert instant(body.get(name)) == choose(moments, default=None)
    for place, made in zip(order, copy.deepcopy(body["alerts"]), strict=False):
        account_for_alert(account, alerts[place], made, place, max_evidence)
    account.settle()


def account_for_alert(
    account: Account, alert: dict[str, Any], made: dict[str, Any], place: int, max_evidence: int
) -> None:
    rows = alert.get("evidence")
    if isinstance(rows, list) and len(rows) > max_evidence:
        assert made.pop("evidence_total") == len(rows)
        assert made.pop("evidence_truncated") is True
        alert = {**alert, "evidence": rows[:max_evidence]}
    account.object(alert, ALERT, made, "value", place)


def tried_with(bodies: list[bytes], table: FaultTable, what: str, way: Way, **limits: int) -> None:
    record = kept_or_refused(table, what, lambda: way.record("file_alerts", *bodies))
    pages, _ = pages_that_count(bodies)
    assert (record is None) == (not pages)
    if record is not None:
        account_for_alerts(record, bodies, **limits)
        texts = [body.decode("utf-8-sig") for body in bodies[: len(pages)]]
        judged(record, set().union(*map(numbers_in, texts)))


def test_alerts_are_accounted_for(way: Way, examples: Callable[[int], settings], fault_table: FaultTable) -> None:
    @examples(150)
    @given(answers())
    def tried(bodies: list[bytes]) -> None:
        tried_with(bodies, fault_table, "alerts over pages", way)

    tried()


def test_limits_cut_rows_and_nothing_else(examples: Callable[[int], settings], fault_table: FaultTable) -> None:
    @examples(100)
    @given(answers())
    def tried(bodies: list[bytes]) -> None:
        tried_with(bodies, fault_table, "alerts under limits", FEW, max_alerts=2, max_evidence=1)

    tried()
