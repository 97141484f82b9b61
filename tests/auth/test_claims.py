from __future__ import annotations

import base64
import json
from typing import Any

import pytest
import requests
from hypothesis import given, settings
from hypothesis import strategies as st

from mde_files.auth import BearerAuth, Claims, decode_claims
from mde_files.secret import Secret


def token_of(document: Any) -> str:
    payload = base64.urlsafe_b64encode(json.dumps(document).encode()).decode().rstrip("=")
    return f"e30.{payload}.signature"


def test_application_token_of_version_1() -> None:
    claims = decode_claims(
        token_of(
            {
                "aud": "https://api.securitycenter.microsoft.com",
                "iss": "https://sts.windows.net/t/",
                "tid": "t",
                "appid": "a",
                "roles": ["File.Read.All", 7, "Alert.Read.All"],
                "exp": 1_800_000_000,
                "idtyp": "app",
                "oid": "o",
            }
        )
    )
    assert claims == Claims(
        aud="https://api.securitycenter.microsoft.com",
        iss="https://sts.windows.net/t/",
        tid="t",
        appid="a",
        roles=("File.Read.All", "Alert.Read.All"),
        exp=1_800_000_000.0,
        idtyp="app",
        oid="o",
    )


def test_delegated_token_of_version_2() -> None:
    claims = decode_claims(token_of({"azp": "a", "scp": "File.Read.All Alert.Read", "preferred_username": "alex"}))
    assert (claims.appid, claims.scp, claims.upn) == ("a", ("File.Read.All", "Alert.Read"), "alex")


@pytest.mark.parametrize("exp", [None, "soon", True, float("nan"), float("inf"), 10**400])
def test_expiry_that_is_no_time_is_unknown(exp: object) -> None:
    assert decode_claims(token_of({"exp": exp})).exp is None


@pytest.mark.parametrize(
    "token", ["", "opaque", "a.b", "a.b.c.d", "a.!.c", "a.ü.c", "a.bm9qc29u.c", token_of([]), "a." + "W" * 40 + ".c"]
)
def test_what_is_no_token(token: str) -> None:
    with pytest.raises(ValueError, match=r"^the access token is no JSON Web Token$"):
        decode_claims(token)


@given(st.dictionaries(st.sampled_from(Claims._fields), st.none() | st.integers() | st.text() | st.lists(st.text())))
@settings(deadline=None)
def test_claims_of_any_type_are_read(document: dict[str, Any]) -> None:
    claims = decode_claims(token_of(document))
    assert isinstance(claims.aud, str)
    assert all(isinstance(role, str) for role in claims.roles + claims.scp)


@given(st.text())
@settings(deadline=None)
def test_arbitrary_text_is_no_token(token: str) -> None:
    with pytest.raises(ValueError, match="no JSON Web Token"):
        decode_claims(token)


def test_header_is_set_and_the_token_stays_hidden() -> None:
    auth = BearerAuth(Secret("canary"))
    request = requests.Request("GET", "https://api.example/", auth=auth).prepare()
    assert request.headers["Authorization"] == "Bearer canary"
    assert "canary" not in repr(auth)
