"""Looks whether the configuration works: signs in, reads the token, makes one call for each endpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from mde_files import manifest
from mde_files.deadline import Deadline
from mde_files.errors import MdeFilesError
from mde_files.hashes import FileHash

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mde_files.auth import Claims
    from mde_files.connector import Connector
    from mde_files.manifest import Call

# The EICAR anti-malware test file: known everywhere, harmless, and "not found" is a good answer too.
_PROBE_SHA1 = "3395856ce81f2b7382dee72602f798b642f14140"
_PROBE_SHA256 = "275a021bbfb6489e54d471899f7db9d1663fc695ec2fe2a2c4538aabf651fd0f"
_OK, _WARNING, _FAILED = "ok", "warning", "failed"


class Finding(NamedTuple):
    """One thing that was looked at.

    Attributes:
        name: What was looked at, such as ``sign_in`` or ``call_file_stats``.
        status: ``ok``, ``warning`` or ``failed``.
        message: What was found.
        hint: What to do about it; empty where nothing is to be done.
        exit_code: Exit code that this finding alone would give.
    """

    name: str
    status: str
    message: str
    hint: str = ""
    exit_code: int = 0


class Report(NamedTuple):
    """The findings of a check, in the order they were made."""

    findings: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        """Whether nothing failed."""
        return all(finding.status != _FAILED for finding in self.findings)

    @property
    def exit_code(self) -> int:
        """Exit code of the first failure, or 0."""
        return next((finding.exit_code for finding in self.findings if finding.status == _FAILED), 0)

    def as_dict(self) -> dict[str, Any]:
        """Return ``{"ok": bool, "findings": [{name, status, message, hint}]}``."""
        shown = [
            {"name": finding.name, "status": finding.status, "message": finding.message, "hint": finding.hint}
            for finding in self.findings
        ]
        return {"ok": self.ok, "findings": shown}


def check(connector: Connector) -> Report:
    """Return what works and what does not, for one connector."""
    return Report(tuple(_findings(connector)))


def _findings(connector: Connector) -> Iterator[Finding]:
    config = connector.config
    yield Finding(
        "configuration",
        _OK,
        f"Cloud {config.endpoints.cloud}, host {config.endpoints.host}, tenant {config.tenant_id}, "
        f"sign-in {config.auth.method}.",
    )
    try:
        claims = connector.sign_in(anew=True)
    except MdeFilesError as error:
        yield failed("sign_in", error)
        return
    yield Finding("sign_in", _OK, f"Signed in at {config.endpoints.authority}.")
    if claims is None:
        yield Finding("token", _WARNING, "The token cannot be read, so its contents were not compared.")
    else:
        yield _audience(connector, claims)
        yield _tenant(connector, claims)
        for action in connector.manifest.actions.values():
            for call in (action.call, action.resolves_with):
                yield _permission(action.id, connector.manifest.calls[call], claims)
    for name, ask in _calls(connector):
        try:
            ask()
        except MdeFilesError as error:
            yield failed(f"call_{name}", error)
        else:
            yield Finding(f"call_{name}", _OK, f"'{connector.manifest.calls[name].title}' answers.")
    if config.sinks.names:
        from mde_files.playbook.sinks.checking import findings

        yield from findings(connector)


def failed(name: str, error: MdeFilesError) -> Finding:
    """Return the finding that stands for an error."""
    return Finding(name, _FAILED, error.message, error.hint, error.exit_code)


def _audience(connector: Connector, claims: Claims) -> Finding:
    endpoints = connector.config.endpoints
    if claims.aud.rstrip("/") in endpoints.audiences:
        return Finding("audience", _OK, f"The token is made out for {claims.aud}.")
    return Finding(
        "audience",
        _WARNING,
        f"The token is made out for {claims.aud or 'nobody'}, not for {' or '.join(endpoints.audiences[:1])}.",
        "Leave 'scope' out, or set it to the scope of this cloud's files API.",
    )


def _tenant(connector: Connector, claims: Claims) -> Finding:
    wanted, held = connector.config.tenant_id, claims.tid
    if "." in wanted or not held or held.lower() == wanted:
        return Finding("tenant", _OK, f"The token belongs to tenant {held or 'unknown'}.")
    return Finding(
        "tenant",
        _FAILED,
        f"The token belongs to tenant {held}, the configuration names {wanted}.",
        "Correct tenant_id, or use a token of that tenant.",
        3,
    )


def _permission(action: str, call: Call, claims: Claims) -> Finding:
    name = f"permission_{action}_{call.id}"
    missing = missing_permission(call, claims)
    if missing is None:
        return Finding(name, _OK, f"{action}: '{call.title}' is covered by {_fitting(call, claims)[0]}.")
    return missing._replace(name=name, message=f"{action}: {missing.message}")


def missing_permission(call: Call, claims: Claims) -> Finding | None:
    """Return what is wrong with a token that covers none of a call's permissions; ``None``: it covers one."""
    if _fitting(call, claims):
        return None
    delegated = bool(claims.scp)
    needed = call.permissions.delegated if delegated else call.permissions.application
    held = claims.scp if delegated else claims.roles
    return Finding(
        "permission",
        _FAILED,
        f"'{call.title}' needs {' or '.join(needed)}; the token carries {', '.join(held)[:300] or 'no permission'}.",
        f"Add {needed[0]} ({'delegated' if delegated else 'application'}) of "
        f"{manifest.load().services[call.service].resource} and grant admin consent.",
        4,
    )


def _fitting(call: Call, claims: Claims) -> list[str]:
    delegated = bool(claims.scp)
    needed = call.permissions.delegated if delegated else call.permissions.application
    return [permission for permission in needed if permission in (claims.scp if delegated else claims.roles)]


def _calls(connector: Connector) -> Iterator[tuple[str, Callable[[], object]]]:
    api = connector.files_api()
    hours = connector.manifest.actions["file_stats"].examples[0]["lookback_hours"]
    budget = connector.config.timeouts.total
    yield (
        "file_info",
        lambda: api.file_info(FileHash(_PROBE_SHA256, "sha256"), action="check", deadline=Deadline(budget)),
    )
    yield "file_stats", lambda: api.file_stats(_PROBE_SHA1, hours, action="check", deadline=Deadline(budget))
    yield "file_alerts", lambda: api.file_alerts(_PROBE_SHA1, action="check", deadline=Deadline(budget))
