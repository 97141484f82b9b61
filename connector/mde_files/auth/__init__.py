"""Signs in to Microsoft Entra ID and hands out access tokens, from memory or a store where that is enough."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mde_files.late_names import importer

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
__getattr__ = importer(
    __name__,
    {
        "AccessToken": "tokens",
        "BearerAuth": "tokens",
        "Claims": "claims",
        "TokenProvider": "tokens",
        "TokenStore": "token_store",
        "decode_claims": "claims",
        "explain_sign_in_failure": "entra_errors",
        "token_provider": "methods",
    },
)
