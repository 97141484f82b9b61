"""Says in words why a request got no answer."""

from __future__ import annotations

import http.client
import re
import socket
import ssl
from typing import TYPE_CHECKING

import requests
import urllib3.exceptions

from mde_files.errors import (
    InvalidConfigError,
    MdeFilesError,
    NetworkError,
    TimeoutExceededError,
    UpstreamInvalidError,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mde_files.config import Timeouts
    from mde_files.deadline import Deadline

_TIMEOUTS = (TimeoutError, requests.Timeout, urllib3.exceptions.TimeoutError)
_BROKEN_ENCODING = (urllib3.exceptions.DecodeError, requests.exceptions.ContentDecodingError)
_PROXY_ERRORS = (urllib3.exceptions.ProxyError, requests.exceptions.ProxyError)
_UNUSABLE_ADDRESS = (requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema)
_TUNNEL_REFUSED = re.compile(r"Tunnel connection failed: ([0-9]{3})\b")
_PROXY_HINT = "Check 'proxy' and HTTPS_PROXY, and whether the proxy runs and may be used from here."
_PROXY_NEEDS_PASSWORD = 407
_FIRST_SERVER_ERROR = 500
_FROM_CA_FILE = frozenset({"X509", "PEM"})
_NOT_TLS = frozenset({"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "HTTPS_PROXY_REQUEST", "RECORD_LAYER_FAILURE"})


def network_failure(error: Exception, host: str, deadline: Deadline, timeouts: Timeouts) -> MdeFilesError:
    """Return the error of this package that stands for ``error``.

    Args:
        error: What the HTTP library raised.
        host: The host that was asked.
        deadline: The deadline of the call.
        timeouts: The configured time budgets, for the words.
    """
    causes = list(causes_of(error))
    if deadline.expired:
        return TimeoutExceededError(
            f"{host} did not answer within the time budget of {deadline.seconds:g} s.",
            hint="Try again; if it happens often, raise timeouts.total.",
        )
    if any(isinstance(cause, _PROXY_ERRORS) for cause in causes):
        return _proxy_failure(causes, host)
    for cause in causes:
        if isinstance(cause, ssl.SSLError):
            return _tls_failure(cause, host)
    for cause in causes:
        if isinstance(cause, socket.gaierror):
            return NetworkError(
                f"The host name {host!r} could not be resolved.",
                hint="Check base_url, authority, cloud and region, and this machine's DNS.",
                retryable=cause.errno == socket.EAI_AGAIN,
            )
    return _by_kind(error, causes, host, timeouts)


def _by_kind(error: Exception, causes: list[BaseException], host: str, timeouts: Timeouts) -> MdeFilesError:
    if any(isinstance(cause, _BROKEN_ENCODING) for cause in causes):
        return UpstreamInvalidError(f"The answer of {host} is compressed in a broken way.", hint="Try again.")
    if any(_is_no_http(cause) for cause in causes):
        return UpstreamInvalidError(
            f"{host} does not answer in HTTP as the service would.",
            hint="Something else listens there; check base_url, its port and proxy.",
        )
    if any(isinstance(cause, urllib3.exceptions.NewConnectionError) for cause in causes):
        return _unreachable(causes, host)
    if any(isinstance(cause, urllib3.exceptions.ConnectTimeoutError) for cause in causes):
        return TimeoutExceededError(
            f"{host} accepted no connection within {timeouts.connect:g} s.",
            hint="Check network, firewall and proxy, or raise timeouts.connect.",
        )
    if any(isinstance(cause, _TIMEOUTS) for cause in causes):
        return TimeoutExceededError(
            f"{host} sent nothing for {timeouts.read:g} s.",
            hint="Try again; if it happens often, raise timeouts.read.",
        )
    if isinstance(error, _UNUSABLE_ADDRESS):
        return InvalidConfigError(
            f"The address of {host} or of the proxy on the way there cannot be used.",
            hint="Check base_url, authority, 'proxy' and HTTPS_PROXY; proxies are reached by http:// or https://.",
        )
    return NetworkError(f"The connection to {host} broke off before the answer was complete.", hint="Try again.")


def _is_no_http(cause: BaseException) -> bool:
    """Tell whether bytes came that are no HTTP: an answer cut short is another thing."""
    if isinstance(cause, urllib3.exceptions.InvalidHeader):
        return True
    cut_short = (http.client.RemoteDisconnected, http.client.IncompleteRead)
    return isinstance(cause, http.client.HTTPException) and not isinstance(cause, cut_short)


def _proxy_failure(causes: list[BaseException], host: str) -> NetworkError:
    refused = next(filter(None, (_TUNNEL_REFUSED.search(str(cause)) for cause in causes)), None)
    if refused is None:
        return NetworkError(f"The proxy on the way to {host} cannot be reached or trusted.", hint=_PROXY_HINT)
    status = int(refused.group(1))
    asks_for_password = status == _PROXY_NEEDS_PASSWORD
    return NetworkError(
        f"The proxy refused the way to {host} with status {status}.",
        hint="The proxy asks for a user name and password: write them into the proxy's URL."
        if asks_for_password
        else "Ask whoever runs the proxy to allow this host.",
        retryable=status >= _FIRST_SERVER_ERROR,
    )


def _unreachable(causes: list[BaseException], host: str) -> NetworkError:
    if any(isinstance(cause, ConnectionRefusedError) for cause in causes):
        return NetworkError(
            f"{host} refused the connection.", hint="Check base_url and port, and whether a proxy is needed."
        )
    reason = next((cause.strerror for cause in causes if isinstance(cause, OSError) and cause.strerror), "no way there")
    return NetworkError(
        f"{host} cannot be reached ({reason}).",
        hint="Check the network, the firewall and whether a proxy is needed.",
    )


def _tls_failure(error: ssl.SSLError, host: str) -> MdeFilesError:
    if error.library in _FROM_CA_FILE:
        return InvalidConfigError(
            "The file of certificate authorities holds no usable certificate.",
            hint="Name a file of PEM certificates in 'ca_bundle' or REQUESTS_CA_BUNDLE.",
        )
    if error.reason in _NOT_TLS:
        return NetworkError(
            f"{host} does not speak TLS on this port.",
            hint="Check the port in base_url and authority, and whether a proxy answers instead.",
            retryable=False,
        )
    if not isinstance(error, ssl.SSLCertVerificationError):
        return NetworkError(
            f"The TLS connection to {host} failed ({error.reason or 'handshake broken off'}).",
            hint="Check that nothing between here and the host intercepts TLS.",
        )
    return NetworkError(
        f"The certificate of {host} is not trusted: {error.verify_message}.",
        hint="If a TLS inspection proxy stands in between, name its certificate authority in 'ca_bundle'.",
        retryable=False,
    )


def causes_of(error: BaseException) -> Iterator[BaseException]:
    """Yield ``error`` and everything it stands for: causes, contexts, reasons and wrapped errors."""
    seen: set[int] = set()
    waiting: list[object] = [error]
    while waiting:
        current = waiting.pop(0)
        if not isinstance(current, BaseException) or id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        waiting += [current.__cause__, current.__context__, getattr(current, "reason", None), *current.args]
