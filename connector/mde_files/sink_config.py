"""The part of the configuration that says where playbooks may attach what they found."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mde_files.secret import Secret


class SentinelWorkspace(NamedTuple):
    """The workspace whose incidents are attached to."""

    subscription_id: str
    resource_group: str
    workspace: str


class WebhookConfig(NamedTuple):
    """Where a webhook listens and what its messages are signed with."""

    url: Secret | None
    secret: Secret | None


class SinksConfig(NamedTuple):
    """The sinks a configuration names.

    Attributes:
        names: Those it names, whether they have settings or not.
        sentinel: Settings of ``sentinel``.
        webhook: Settings of ``webhook``.
    """

    names: tuple[str, ...]
    sentinel: SentinelWorkspace | None
    webhook: WebhookConfig

    def secrets(self) -> Iterator[Secret]:
        """Yield what must not be shown."""
        for secret in self.webhook:
            if secret is not None:
                yield secret


def read(document: Mapping[str, Any], *, url: Secret | None, secret: Secret | None) -> SinksConfig:
    """Return the settings in a document that agrees with the schema.

    Args:
        document: The value of ``sinks``.
        url: URL of the webhook, where there is one.
        secret: Key of its signature, from wherever it was given.
    """
    return SinksConfig(
        names=tuple(document),
        sentinel=SentinelWorkspace(**document["sentinel"]) if "sentinel" in document else None,
        webhook=WebhookConfig(url, secret),
    )
