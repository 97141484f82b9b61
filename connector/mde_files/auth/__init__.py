"""Signs in to Microsoft Entra ID and hands out access tokens, from memory or a store where that is enough."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mde_files.auth.claims import Claims, decode_claims
    from mde_files.auth.entra_errors import explain_sign_in_failure
    from mde_files.auth.methods import token_provider
    from mde_files.auth.token_store import TokenStore
    from mde_files.auth.tokens import AccessToken, BearerAuth, TokenProvider

__all__ = [
    "AccessToken",
    "BearerAuth",
    "Claims",
    "TokenProvider",
    "TokenStore",
    "decode_claims",
    "explain_sign_in_failure",
    "token_provider",
]
_MODULES = {
    "AccessToken": "tokens",
    "BearerAuth": "tokens",
    "Claims": "claims",
    "TokenProvider": "tokens",
    "TokenStore": "token_store",
    "decode_claims": "claims",
    "explain_sign_in_failure": "entra_errors",
    "token_provider": "methods",
}


def __getattr__(name: str) -> Any:
    """Import a name when it is asked for: a stored token needs nothing of what a sign-in needs."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    globals()[name] = found
    return found
