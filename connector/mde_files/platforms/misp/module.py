"""The module as the misp-modules server calls it: ``introspection``, ``version`` and ``dict_handler``.

https://github.com/MISP/misp-modules says what each returns. It imports pymisp when it answers, and never the server.
"""

from __future__ import annotations

import logging
import traceback
from typing import TYPE_CHECKING, Any

from mde_files import manifest
from mde_files.errors import MdeFilesError
from mde_files.platforms import running
from mde_files.platforms.misp import hover, question
from mde_files.platforms.misp.connectors import Connectors
from mde_files.render.escaping import for_terminal

if TYPE_CHECKING:
    from mde_files.connector import Connector
    from mde_files.manifest import Action
    from mde_files.platforms.misp.question import Question

NAME = "defender_file_enrichment"
REQUIREMENTS_FILE = "requirements.txt"
CONNECTORS = Connectors()
_LONGEST_ERROR = 2000
_SERVER_LOG = logging.getLogger("misp-modules")


def introspection() -> dict[str, Any]:
    """Return the types of attributes that can be asked for, and the format of the answers."""
    return {"input": list(question.INPUT_TYPES), "format": "misp_standard"}


def version() -> dict[str, Any]:
    """Return what the module is, for MISP's list of modules; ``config`` names its settings."""
    document = manifest.load().document
    return {
        "version": document["version"],
        "author": document["publisher"],
        "name": document["name"],
        "description": document["description"],
        "module-type": ["expansion", "hover"],
        "logo": "",
        "requirements": [f"The libraries of {REQUIREMENTS_FILE}", "A Microsoft Entra application: see README.md"],
        "features": (
            "Asks for a file's statistics and for the alerts it took part in. An expansion adds a file object, an "
            "annotation for each answer, an object for each alert and a report where there are alerts, all for the own "
            "organization only. A hover shows a few lines."
        ),
        "references": _references(),
        "input": "A file hash: SHA-1, SHA-256 or, where it is enabled, MD5, with or without a file name.",
        "output": "MISP objects in standard format, first and last seen, links to the Defender portal.",
        "config": question.config_names(),
    }


def dict_handler(request: Any) -> dict[str, Any]:
    """Answer a query. Never raises: the server would hide what is wrong, and misread an ``AttributeError``.

    Args:
        request: ``{"module", "attribute": {"type", "value", "uuid"}, "config": {name: text}}`` and what MISP adds.

    Returns:
        ``{"results": {"Attribute", "Object", "EventReport"}}`` or ``{"error": sentence}``; both where one of the
        actions failed, or the failure has to be seen while hovering.
    """
    try:
        return _answer(question.read(request))
    except MdeFilesError as error:
        return {"error": _sentence(running.sentence(error))}
    except ImportError as error:
        return {"error": _sentence(_missing(error))}
    except Exception as error:  # noqa: BLE001 - whatever it is, the server has to get an answer
        # the places only: the text of an unexpected error may hold what was asked or a setting
        _SERVER_LOG.error("%s\n%s", running.bug_sentence(error), "".join(traceback.format_tb(error.__traceback__)))
        return {"error": running.bug_sentence(error)}


def _answer(asked: Question) -> dict[str, Any]:
    from mde_files.render.by_file import by_file

    records: list[dict[str, Any]] = []
    failures: list[str] = []
    try:
        with CONNECTORS.lent(asked.config, hover=asked.hover) as connector:
            for outcome in _outcomes(connector, asked):
                if isinstance(outcome, MdeFilesError):
                    failures.append(_sentence(running.sentence(outcome)))
                else:
                    records.append(outcome)
    except MdeFilesError as error:
        failures.append(_sentence(running.sentence(error)))
    failures = list(dict.fromkeys(failures))
    answer: dict[str, Any] = {"error": " ".join(failures)} if failures else {}
    file = by_file(records)[0] if records else None
    if asked.hover:
        answer["results"] = hover.results(file, failures)
    elif file is not None:
        from mde_files.platforms.misp import standard_format

        answer["results"] = standard_format.results(asked, file)
    return answer


def _outcomes(connector: Connector, asked: Question) -> list[dict[str, Any] | MdeFilesError]:
    """Return what each action says, asked at the same time since MISP waits for both together."""
    from concurrent.futures import ThreadPoolExecutor

    def run(action: Action) -> dict[str, Any] | MdeFilesError:
        try:
            return connector.run(action.id, question.parameters(action, asked))
        except MdeFilesError as error:
            return error

    actions = manifest.load().actions.values()
    with ThreadPoolExecutor(max_workers=len(actions), thread_name_prefix="enrichment") as pool:
        return list(pool.map(run, actions))


def _sentence(text: str) -> str:
    return for_terminal(text, _LONGEST_ERROR)


def _missing(error: ImportError) -> str:
    return (
        f"The Python library {error.name or 'that is needed'} is missing where misp-modules runs. "
        f"Install what {REQUIREMENTS_FILE} of the package names."
    )


def _references() -> list[str]:
    loaded = manifest.load()
    called = {call for action in loaded.actions.values() for call in (action.call, action.resolves_with)}
    return sorted(loaded.calls[call].documentation for call in called)
