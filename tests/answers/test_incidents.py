"""Generated and broken incidents: read from files, from triggers and from their services."""

from __future__ import annotations

import copy
import json
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.transport.tenant import FakeTokens

from mde_files import InvalidInputError, MdeFilesError, UpstreamInvalidError
from mde_files.playbook.incident import FORMATS, Incident, read_incident
from mde_files.playbook.sinks.reading import read_from_service

from .conftest import Told, Way, explained
from .documents import mutated, written
from .oracle import readable

if TYPE_CHECKING:
    from collections.abc import Callable

    from hypothesis import settings
    from tests.fault_table import FaultTable

FOLDER = Path(__file__).parents[1] / "playbook" / "incidents"
EXAMPLES = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.json"))}
GUID = "73e01a99-5cd7-4139-a149-9f2736ff2ab5"
NUMBER = "2201"
LENGTHS = {"sha1": 40, "sha256": 64, "md5": 32}
LONGEST = 1000


def incidents() -> st.SearchStrategy[Any]:
    whole = st.sampled_from(list(EXAMPLES)).map(lambda name: copy.deepcopy(EXAMPLES[name]))
    return mutated(whole, most=8)


def texts_in(value: Any) -> str:
    """Return every text and key of a document, those inside of JSON texts too, in one case."""
    if isinstance(value, dict):
        return "\n".join(part for pair in value.items() for part in map(texts_in, pair))
    if isinstance(value, list):
        return "\n".join(map(texts_in, value))
    if isinstance(value, str) and value.strip().startswith("["):
        with suppress(ValueError, RecursionError):
            return value + texts_in(json.loads(value))
    return readable(str(value)).casefold()


def at(pointer: str, where: Any) -> Any:
    for part in pointer.split("/")[1:]:
        where = where[int(part) if isinstance(where, list) else part]
        where = json.loads(where) if isinstance(where, str) else where
    return where


def nothing_invented(incident: Incident, document: Any) -> None:
    """Whatever was read stands in the document; every file stands where it is said to stand."""
    said = texts_in(document)
    assert incident.id
    assert incident.id.casefold() in said
    for file in incident.files:
        assert len(file.hash) == LENGTHS[file.kind]
        assert set(file.hash) <= set("0123456789abcdef")
        assert file.hash in said
        assert all(name.casefold() in said for name in file.names)
        assert all(isinstance(at(place, incident.document), dict) for place in file.found_at)
    for skipped in incident.skipped:
        assert skipped.reason
    told = (*incident[1:7], *incident.tags, *incident.devices)
    assert all(len(text) <= 2 * LONGEST for text in told)
    json.dumps(told, ensure_ascii=False).encode()
    assert incident.url == "" or incident.url.lower().startswith("https://")
    assert not incident.defender_incident_id or incident.defender_incident_id.isdecimal()


def test_any_incident_is_read_or_refused(examples: Callable[[int], settings], fault_table: FaultTable) -> None:
    expected = ["an incident, nothing invented", "invalid_input"]

    @examples(250)
    @given(
        incidents().flatmap(lambda made: written(st.just(made))), st.sampled_from([None, None, *FORMATS]), st.booleans()
    )
    def tried(body: bytes, form: str | None, md5: bool) -> None:
        try:
            document = json.loads(body.decode("utf-8-sig"))
        except (ValueError, RecursionError):
            return
        try:
            incident = read_incident(document, form=form, md5=md5)
        except InvalidInputError as refused:
            explained(refused)
            came = refused.code
        else:
            nothing_invented(incident, document)
            came = expected[0]
        fault_table.row("generated answers", "incidents", expected, came)

    tried()


class Reading(NamedTuple):
    """How an incident of a service is asked for, and where its answer says which one it is."""

    incident: str
    service: str
    answers: list[str]
    own_id: str


SERVICES = {
    "defender": Reading(NUMBER, "incidents_api", ["defender_incident"], "incidentId"),
    "graph": Reading(NUMBER, "graph", ["graph_incident"], "id"),
    "sentinel": Reading(GUID, "azure_management", ["sentinel_incident", "sentinel_entities"], "name"),
}


def sent(name: str) -> Any:
    """Return what a service itself answers."""
    if name == "defender_incident":
        return EXAMPLES[name]["value"][0]
    trigger = EXAMPLES["sentinel_incident"]["object"]
    if name == "sentinel_entities":
        return {"entities": trigger["properties"]["relatedEntities"], "metaData": []}
    return trigger if name == "sentinel_incident" else EXAMPLES[name]


@st.composite
def answered(draw: Callable[..., Any], service: str) -> list[bytes]:
    """Return what a service answers to the questions about one incident, each answer whole or broken."""
    bodies = []
    for answer in SERVICES[service].answers:
        whole = st.just(answer).map(lambda chosen: copy.deepcopy(sent(chosen)))
        bodies.append(draw(st.sampled_from([whole, mutated(whole), mutated(whole)]).flatmap(written)))
    return bodies


def test_an_incident_that_was_not_asked_for_is_refused(way: Way) -> None:
    for name, reading in SERVICES.items():
        answers = [sent(answer) for answer in reading.answers]
        others = [
            {**answers[0], reading.own_id: number} for number in ((999, 0) if name == "defender" else ("999", "0"))
        ]
        for first, refused in ((answers[0], False), *((other, True) for other in others)):
            connector = way.connector(Told(*(json.dumps(answer).encode() for answer in (first, *answers[1:]))))
            connector.service._tokens[reading.service] = FakeTokens("signed.in.there")
            with pytest.raises(UpstreamInvalidError, match="another incident") if refused else nullcontext():
                assert read_incident(read_from_service(name, reading.incident, connector)).id == reading.incident


def test_incidents_of_services(way: Way, examples: Callable[[int], settings], fault_table: FaultTable) -> None:
    expected = ["an incident, nothing invented", "upstream_invalid", "invalid_input"]

    @examples(200)
    @given(st.sampled_from(list(SERVICES)).flatmap(lambda name: st.tuples(st.just(name), answered(name))))
    def tried(asked: tuple[str, list[bytes]]) -> None:
        name, bodies = asked
        connector = way.connector(Told(*bodies, *bodies[-1:] * 6))
        connector.service._tokens[SERVICES[name].service] = FakeTokens("signed.in.there")
        try:
            document = read_from_service(name, SERVICES[name].incident, connector)
            incident = read_incident(document, md5=True)
        except MdeFilesError as error:
            came = error.code
        else:
            nothing_invented(incident, document)
            assert incident.id.lower() == SERVICES[name].incident or "evidence" in document
            came = expected[0]
        fault_table.row("generated answers", f"incidents of {name}", expected, came)

    tried()
