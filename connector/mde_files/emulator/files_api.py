"""The files API of Microsoft Defender for Endpoint: file information, statistics and alerts.

Reference: Microsoft Learn, get-file-information, get-file-statistics, get-file-related-alerts, common-errors.
"""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from starlette.responses import JSONResponse, Response

from mde_files.emulator import odata
from mde_files.emulator.protected_api import ProtectedApi, Required, ServiceError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mde_files.emulator.call import Call
    from mde_files.emulator.scenario import Alert, File

RESOURCE = "WindowsDefenderATP"
MOST_ALERTS = 10_000
_HASH_KINDS = {40: "sha1", 64: "sha256", 32: "md5"}
_HEX = re.compile(r"[0-9a-fA-F]+")
_INTEGER = re.compile(r"[+-]?[0-9]{1,9}")
_DEFAULT_LOOK_BACK = 720
_FOREIGN_HOST = "https://collector.attacker.example"
_FILE = Required(("File.Read.All",), ("File.Read.All",))
_PERMISSIONS = {
    "file_info": _FILE,
    "file_stats": _FILE,
    "file_alerts": Required(("Alert.Read.All", "Alert.ReadWrite.All"), ("Alert.Read", "Alert.ReadWrite")),
}


class FilesApi(ProtectedApi):
    """The files half of the emulated Defender for Endpoint."""

    resource = RESOURCE
    form = "defender"
    permissions = _PERMISSIONS

    def wrong_audience(self) -> ServiceError:
        """Return the refusal of a token for another resource, as the scenario asks for."""
        if self._scenario.switches.wrong_audience == "unauthorized":
            return self.unauthorized("The access token was issued for another audience.")
        return ServiceError(403, "Forbidden", "The token audience is not allowed to access this API.")

    def required(self, endpoint: str) -> Required:
        """Return the permissions an endpoint requires."""
        required = self.permissions[endpoint]
        if endpoint == "file_alerts" and self._scenario.switches.alerts_permission == "write_only":
            return Required(required.application[1:], required.delegated[1:])
        return required

    def names(self, call: Call) -> set[str]:
        """Return label and hashes of the file a call is about, in lower case."""
        wanted = call.path["id"].lower()
        tenant = self.tenant(call)
        file = self._scenario.find_file(wanted, tenant) if tenant else None
        known = {file.label, file.sha1, file.sha256, file.md5} if file else set()
        return {wanted} | {name.lower() for name in known if name}

    async def information(self, call: Call) -> Response:
        """``GET /api/files/{id}``."""
        switches = self._scenario.switches
        _refuse_unknown_options(call, {})
        file = self._lookup(call, {"sha256": switches.info_sha256, "md5": switches.info_md5})
        if file is None:
            raise self._not_found(call)
        return self._answer(call, "Files/$entity", odata.information(file, switches))

    async def statistics(self, call: Call) -> Response:
        """``GET /api/files/{id}/stats?lookBackHours=N``."""
        switches = self._scenario.switches
        _refuse_unknown_options(call, {})
        file = self._lookup(call, {"sha256": switches.stats_sha256, "md5": switches.stats_md5})
        look_back = self._look_back_hours(call)
        if file is None:
            raise self._not_found(call)
        body = odata.statistics(file, look_back, switches, self._device_groups(call))
        return self._answer(call, "microsoft.windowsDefenderATP.api.InOrgFileStats", body)

    async def alerts(self, call: Call) -> Response:
        """``GET /api/files/{id}/alerts``."""
        switches = self._scenario.switches
        expand = self._expands_evidence(call)
        policies = {"sha256": switches.alerts_sha256, "md5": switches.alerts_md5}
        kind = _hash_kind(call)
        file = self._lookup(call, policies)
        if file is None and kind != "sha1" and policies[kind] != "empty":
            raise self._not_found(call)
        sha1 = file.sha1 if file else call.path["id"].lower()
        found = [] if file is None and kind != "sha1" else self._visible_alerts(call, sha1)
        if not found and (file is None or not file.known) and switches.alerts_unknown == "not_found":
            raise self._not_found(call)
        with_evidence = expand or switches.evidence_without_expand == "populated"
        page, more = self._page(call, found)
        tenant_id = self.required_tenant(call).id
        body: dict[str, Any] = {}
        if switches.odata_count == "include":
            body["@odata.count"] = len(found)
        body["value"] = [odata.alert(item, tenant_id, switches, with_evidence=with_evidence) for item in page]
        return self._answer(call, "Alerts", {**body, **more})

    def _lookup(self, call: Call, policies: Mapping[str, str]) -> File | None:
        policy = policies.get(_hash_kind(call), "accept")
        if policy == "bad_request":
            raise _invalid_hash(call)
        if policy != "accept":
            return None
        file = self._scenario.find_file(call.path["id"].lower(), self.required_tenant(call))
        return file if file is not None and (file.known or call.seen.endpoint == "file_alerts") else None

    def _visible_alerts(self, call: Call, sha1: str) -> list[Alert]:
        groups = self._device_groups(call)
        found = self._scenario.alerts_for(sha1, self.required_tenant(call))
        return [item for item in found if groups is None or item.properties.get("rbacGroupName") in groups]

    def _page(self, call: Call, found: Sequence[Alert]) -> tuple[Sequence[Alert], dict[str, Any]]:
        switches = self._scenario.switches
        query = {name.lower(): value for name, value in call.seen.query.items()}
        if "$top" in query or "$skip" in query:
            start = _whole_number(query.get("$skip", "0"))
            size = _whole_number(query.get("$top", str(MOST_ALERTS)))
            if size > MOST_ALERTS:
                raise ServiceError(400, "ODataError", f"The limit of '{MOST_ALERTS}' for Top query has been exceeded.")
            return found[start : start + size], {}
        start = _cursor_position(query.get("$skiptoken"))
        size = switches.alerts_page_size or max(len(found), 1)
        following = start + size
        if switches.next_link == "endless" and found:
            start, following = start % len(found), following % len(found)
        has_more = following < len(found)
        if switches.next_link in ("normal", "relative") and not has_more:
            return found[start:following], {}
        page = found[start : start + size]
        return page, {"@odata.nextLink": self._next_link(call, following)}

    def _next_link(self, call: Call, position: int) -> str | int:
        path = call.seen.path
        options = {name: value for name, value in call.seen.query.items() if name.lower() != "$skiptoken"}
        query = urlencode({**options, "$skiptoken": skip_token(position)}, safe="$")
        other_file = path.replace(call.path["id"], "0" * len(call.path["id"]))
        links: dict[str, str | int] = {
            "relative": f"{path}?{query}",
            "same": f"{call.origin}{path}?{urlencode(call.seen.query, safe='$')}",
            "other_host": f"{_FOREIGN_HOST}{path}?{query}",
            "other_path": f"{call.origin}/api/machines?{query}",
            "other_file": f"{call.origin}{other_file}?{query}",
            "plain_http": f"{call.origin.replace('https:', 'http:')}{path}?{query}",
            "not_a_link": position,
        }
        return links.get(self._scenario.switches.next_link, f"{call.origin}{path}?{query}")

    def _look_back_hours(self, call: Call) -> int:
        given = next((value for name, value in call.seen.query.items() if name.lower() == "lookbackhours"), None)
        if given is None:
            return _DEFAULT_LOOK_BACK
        number = int(given) if _INTEGER.fullmatch(given) else None
        if number is not None and 1 <= number <= _DEFAULT_LOOK_BACK:
            return number
        if self._scenario.switches.look_back_out_of_range == "reject":
            raise ServiceError(400, "InvalidInput", f"Invalid input lookBackHours: {given}.")
        return _DEFAULT_LOOK_BACK if number is None else min(max(number, 1), _DEFAULT_LOOK_BACK)

    def _expands_evidence(self, call: Call) -> bool:
        switches = self._scenario.switches
        allowed = {"$skiptoken": None}
        if switches.expand == "accept":
            allowed["$expand"] = None
        if switches.top_and_skip == "accept":
            allowed.update({"$top": None, "$skip": None})
        _refuse_unknown_options(call, allowed)
        expand = next((value for name, value in call.seen.query.items() if name.lower() == "$expand"), None)
        if expand not in (None, "evidence"):
            raise ServiceError(
                400,
                "ODataError",
                f"The query specified in the URI is not valid. Could not find a property named '{expand}' on type "
                "'microsoft.windowsDefenderATP.api.Alert'.",
            )
        return expand is not None

    def _device_groups(self, call: Call) -> list[str] | None:
        if call.caller is None or call.caller.user is None:
            return None
        return self._scenario.user(call.caller.user).device_groups

    def _not_found(self, call: Call) -> ServiceError:
        return ServiceError(404, self._scenario.switches.not_found_code, f"File {call.path['id']} not found")

    def _answer(self, call: Call, context: str, body: dict[str, Any]) -> Response:
        version = f"/{call.path['version']}" if call.path.get("version") else ""
        return JSONResponse({"@odata.context": f"{call.origin}/api{version}/$metadata#{context}", **body})


def skip_token(position: int) -> str:
    """Return what a next link says of the position at which its page begins."""
    return base64.urlsafe_b64encode(f"position={position}".encode()).decode()


def _hash_kind(call: Call) -> str:
    value = call.path["id"]
    kind = _HASH_KINDS.get(len(value))
    if kind is None or not _HEX.fullmatch(value):
        raise _invalid_hash(call)
    return kind


def _invalid_hash(call: Call) -> ServiceError:
    return ServiceError(400, "InvalidHashValue", f"Hash value {call.path['id']} is invalid.")


def _refuse_unknown_options(call: Call, allowed: Mapping[str, Any]) -> None:
    for name in call.seen.query:
        if name.startswith("$") and name.lower() not in allowed:
            raise ServiceError(
                400,
                "ODataError",
                f"The query specified in the URI is not valid. The query option '{name}' is not supported.",
            )


def _whole_number(text: str) -> int:
    if not _INTEGER.fullmatch(text) or int(text) < 0:
        raise ServiceError(400, "ODataError", f"The query option value '{text}' is no whole number.")
    return int(text)


def _cursor_position(cursor: str | None) -> int:
    if cursor is None:
        return 0
    try:
        name, _, position = base64.urlsafe_b64decode(cursor).decode().partition("=")
    except ValueError:  # of the decoding, of the text, or of characters that are not ASCII
        name, position = "", ""
    if name != "position" or not _INTEGER.fullmatch(position):
        raise ServiceError(400, "ODataError", "The skip token is not valid.")
    return max(int(position), 0)
