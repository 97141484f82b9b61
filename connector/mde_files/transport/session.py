"""Sends one HTTP request and returns the whole answer, bounded in time and size.

Of ``requests`` this uses what prepares and what sends a request, and not the session around them: redirects, cookies
and settings of the environment are what must not be followed, kept or read here.
"""

from __future__ import annotations

import os
import re
import time
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlencode, urlsplit

import requests
import requests.utils
import urllib3.exceptions

from mde_files.clouds import is_loopback
from mde_files.errors import InvalidConfigError, TimeoutExceededError, UpstreamInvalidError
from mde_files.foreign_logs import kept_out
from mde_files.secret import Secret
from mde_files.transport.connections import DeadlineAdapter, TooManyBytesError, within

if TYPE_CHECKING:
    from collections.abc import Mapping

    from requests.auth import AuthBase

    from mde_files.config import Config
    from mde_files.deadline import Deadline

_CHUNK_BYTES = 65536
# A managed identity is asked for at an address of the machine's own link, which no proxy reaches.
_LINK_LOCAL = r"169\.254(\.[0-9]{1,3}){2}"
_SHORTEST_TIMEOUT = 0.001
# Headers and, where the body comes in small chunks, their sizes come on top of it.
_HEADER_BYTES = 1 << 20
_LARGEST_OVERHEAD = 2
# An address in the form in which ``requests`` would bring it.
_PLAIN_URL = re.compile(r"https?://[a-z0-9][a-z0-9.-]*(:([1-9][0-9]{0,3}|[1-5][0-9]{4}))?(/[A-Za-z0-9_-]+)+").fullmatch
_CA_VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")


class HttpAnswer(NamedTuple):
    """An answer, whatever its status.

    Attributes:
        status: HTTP status.
        headers: Headers; names are case-insensitive.
        body: Decompressed body.
        url: The URL that was asked.
        seconds: How long it took.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str
    seconds: float


class HttpSession:
    """Pooled connections with TLS verification; follows no redirect, keeps no cookie, retries nothing. Thread-safe."""

    def __init__(self, config: Config) -> None:
        self._ca_bundle = str(config.ca_bundle) if config.ca_bundle else None
        self._proxy = config.proxy
        self._timeouts = config.timeouts
        self._max_bytes = config.limits.max_response_bytes
        self._headers = {**requests.utils.default_headers(), "Accept-Encoding": "gzip, deflate"}
        self._adapter = DeadlineAdapter()
        self._environment_proxies: dict[str, dict[str, Secret]] = {}

    def close(self) -> None:
        """Close every pooled connection."""
        self._adapter.close()

    def request(
        self,
        method: str,
        url: str,
        *,
        deadline: Deadline,
        params: Mapping[str, str] | None = None,
        data: Mapping[str, str] | bytes | None = None,
        headers: Mapping[str, str] | None = None,
        auth: AuthBase | None = None,
    ) -> HttpAnswer:
        """Send a request and read its whole answer.

        Args:
            method: HTTP method.
            url: Absolute URL.
            deadline: The answer is complete by then, or the call fails.
            params: Query options.
            data: Form fields or body.
            headers: Additional headers.
            auth: Sets the ``Authorization`` header.

        Raises:
            TimeoutExceededError: A time budget ran out.
            NetworkError: The host could not be resolved, reached or trusted, or closed the connection.
            UpstreamInvalidError: The answer is larger than allowed or its encoding is broken.
            InvalidConfigError: The file of certificate authorities cannot be used.
        """
        started = time.monotonic()
        host = urlsplit(url).hostname or ""
        remaining = deadline.remaining()
        if remaining <= 0:
            raise TimeoutExceededError(
                f"The time budget of {deadline.seconds:g} s ran out before {host} was asked.",
                hint="Raise timeouts.total, or ask again when the service is faster.",
            )
        try:
            with (
                within(deadline, _LARGEST_OVERHEAD * self._max_bytes + _HEADER_BYTES),
                kept_out("urllib3.connectionpool"),
            ):
                response = self._adapter.send(
                    self._prepared(method, url, params=params, data=data, headers=headers, auth=auth),
                    timeout=(
                        max(_SHORTEST_TIMEOUT, min(self._timeouts.connect, remaining)),
                        max(_SHORTEST_TIMEOUT, min(self._timeouts.read, remaining)),
                    ),
                    verify=self._verify(),
                    proxies=self._proxies(url, host),
                    stream=True,
                )
                with response:
                    body = self._read(response, host)
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            from mde_files.transport.failures import causes_of, network_failure

            if any(isinstance(cause, TooManyBytesError) for cause in causes_of(error)):
                raise self._too_large(host) from None
            raise network_failure(error, host, deadline, self._timeouts) from None
        return HttpAnswer(response.status_code, response.headers, body, url, time.monotonic() - started)

    def _prepared(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, str] | None,
        data: Mapping[str, str] | bytes | None,
        headers: Mapping[str, str] | None,
        auth: AuthBase | None,
    ) -> requests.PreparedRequest:
        prepared = requests.PreparedRequest()
        prepared.prepare_method(method)
        if _PLAIN_URL(url):
            prepared.url = f"{url}?{urlencode(params)}" if params else url
        else:
            prepared.prepare_url(url, params)
        prepared.prepare_headers({**self._headers, **(headers or {})})
        prepared.prepare_body(data, None)
        prepared.prepare_auth(auth)
        return prepared

    def _read(self, response: requests.Response, host: str) -> bytes:
        announced = response.headers.get("Content-Length", "")
        if announced.isascii() and announced.isdigit() and int(announced[:20]) > self._max_bytes:
            raise self._too_large(host)
        parts = []
        size = 0
        while chunk := response.raw.read(_CHUNK_BYTES, decode_content=True):
            size += len(chunk)
            if max(size, response.raw.tell()) > self._max_bytes:
                raise self._too_large(host)
            parts.append(chunk)
        return b"".join(parts)

    def _too_large(self, host: str) -> UpstreamInvalidError:
        return UpstreamInvalidError(
            f"The answer of {host} is larger than {self._max_bytes:,} bytes.",
            hint="If the file really has that many alerts, raise limits.max_response_bytes.",
        )

    def _verify(self) -> str | bool:
        bundle = self._ca_bundle or next((os.environ[name] for name in _CA_VARIABLES if os.environ.get(name)), None)
        if bundle is not None and not os.access(bundle, os.R_OK):
            raise InvalidConfigError(
                f"The file of certificate authorities {bundle!r} cannot be read.",
                hint=f"Correct 'ca_bundle' or {' / '.join(_CA_VARIABLES)}.",
            )
        return bundle or True

    def _proxies(self, url: str, host: str) -> dict[str, str]:
        if is_loopback(host) or re.fullmatch(_LINK_LOCAL, host):
            return {}
        if self._proxy is not None:
            return {"http": self._proxy.reveal(), "https": self._proxy.reveal()}
        parts = urlsplit(url)
        origin = f"{parts.scheme}://{parts.netloc}"
        found = self._environment_proxies.get(origin)
        if found is None:
            # Once for each host: looking through the whole environment takes a tenth of a request.
            told = requests.utils.get_environ_proxies(url)
            found = self._environment_proxies[origin] = {name: Secret(address) for name, address in told.items()}
        return {name: address.reveal() for name, address in found.items()}
