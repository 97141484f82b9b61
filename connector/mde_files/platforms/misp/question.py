"""What MISP asks: the request of a ``/query`` becomes a hash, settings and parameters.

MISP's own source says what it sends: ``EventsController::queryEnrichment`` (expansion), ``Event::enrichment``
(automatic), ``AttributesController::hoverEnrichment`` (hover), all at https://github.com/MISP/MISP.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from mde_files import manifest, schemas
from mde_files.errors import InvalidInputError
from mde_files.platforms import catalogue

if TYPE_CHECKING:
    from collections.abc import Mapping

HASH = "file_hash"
_HASH_TYPES = ("md5", "sha1", "sha256")
INPUT_TYPES = (*_HASH_TYPES, *(f"filename|{kind}" for kind in _HASH_TYPES))
_YES = (True, "1", "true")


class Question(NamedTuple):
    """One query of the module.

    Attributes:
        type: Type of the attribute, one of :data:`INPUT_TYPES`.
        value: Its value as MISP sent it.
        uuid: Its id; empty where none was sent.
        to_ids: Whether the attribute is held for an indicator.
        file_hash: The hash in it; not yet checked.
        config: The module's settings in MISP, by name.
        hover: Whether somebody waits with the mouse over the attribute, for a few lines.
    """

    type: str
    value: str
    uuid: str
    to_ids: bool
    file_hash: str
    config: Mapping[str, Any]
    hover: bool


def config_names() -> list[str]:
    """Return the names of the module's settings in MISP: those of every platform, then the actions' parameters."""
    settings = [setting.name for setting in catalogue.settings()]
    return [*settings, *(parameter.name for parameter in setting_parameters())]


def setting_parameters() -> list[catalogue.Parameter]:
    """Return the actions' parameters that are settings in MISP, since a query carries a hash and nothing else."""
    known = {
        parameter.name: parameter
        for action in manifest.load().actions.values()
        for parameter in catalogue.parameters(action)
        if parameter.name != HASH
    }
    return list(known.values())


def read(request: object) -> Question:
    """Return what a request of the misp-modules server asks.

    Raises:
        InvalidInputError: It names no attribute with a file hash.
    """
    if not isinstance(request, dict):
        raise InvalidInputError("The request is no JSON object.", hint="Send what MISP sends to /query.")
    attribute = request.get("attribute")
    if not isinstance(attribute, dict):
        raise InvalidInputError(
            "The request has no attribute.", hint="Send 'attribute' with type, value and uuid, as MISP does."
        )
    kind, value = attribute.get("type"), attribute.get("value")
    if kind not in INPUT_TYPES:
        raise InvalidInputError(
            f"The attribute has the type {schemas.shown(kind)}.", hint=f"Ask for one of {', '.join(INPUT_TYPES)}."
        )
    if not isinstance(value, str):
        raise InvalidInputError("The attribute's value is no text.", hint="Send the hash as MISP does.")
    config = request.get("config")
    if config is not None and not isinstance(config, dict):
        raise InvalidInputError("The request's config is no JSON object.", hint="Send settings by their names.")
    return Question(
        type=kind,
        value=value,
        uuid=_uuid(attribute.get("uuid")),
        to_ids=attribute.get("to_ids") in _YES,
        file_hash=value.rpartition("|")[2],
        config=config or {},
        hover=_is_hover(request, attribute),
    )


def parameters(action: manifest.Action, question: Question) -> dict[str, Any]:
    """Return the parameters of ``action`` for a question: the hash, and what the settings say."""
    given = {HASH: question.file_hash}
    for parameter in catalogue.parameters(action):
        value = question.config.get(parameter.name)
        if parameter.name != HASH and value is not None and value != "":
            given[parameter.name] = value
    return given


def _is_hover(request: Mapping[str, Any], attribute: Mapping[str, Any]) -> bool:
    # Hovering sends the attribute as its database has it, without the event_id that every expansion adds beside it.
    return "persistent" in request or ("event_id" in attribute and "event_id" not in request)


def _uuid(text: object) -> str:
    try:
        return str(UUID(text)) if isinstance(text, str) else ""
    except ValueError:
        return ""
