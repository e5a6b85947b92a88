"""Another publisher than that of the installed version: the plugin was given to another owner."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from plugport.client.client import RegistryClient
from plugport.client.models import Release
from plugport.installer.errors import PublisherChangedError
from plugport.installer.install_record import InstalledPlugin
from plugport.spec.errors import PlugportError
from plugport.spec.text import quote_text


class PublisherChange(Struct, frozen=True):
    """A release whose publisher is not the recorded one, `before`, of the installed version."""

    installed: InstalledPlugin
    release: Release
    before: str
    after: str


# Returns if the user accepts the publisher, else raises `PublisherChangedError`.
ConfirmPublisher = Callable[[PublisherChange], None]


def check_publisher(
    installed: InstalledPlugin | None,
    release: Release,
    *,
    confirm: ConfirmPublisher,
    warn: Callable[[str], None],
) -> None:
    """Let the user decide about another publisher, and warn if the two cannot be compared.

    A plugin that was installed from a path or URL has no publisher. Raises as `confirm` does.
    """
    if installed is None or installed.registry is None:
        return
    before, after = installed.publisher, _find_name(release)
    if before is not None and after is not None and before != after:
        confirm(PublisherChange(installed, release, before, after))
    elif before is not None and after is None:
        warn(
            f"the registry does not say who published `{release.name}@{release.version}`; the"
            f" installed {installed.version} is of {quote_text(before)}"
        )
    elif before is None and after is not None:
        warn(
            f"the record of `{release.name}@{installed.version}` has no publisher to compare with;"
            f" from now on it is {quote_text(after)}"
        )


def choose_publisher(installed: InstalledPlugin | None, release: Release) -> str | None:
    """The publisher for the record; None if nobody says it.

    If the registry does not, the known one stays, so that the next version is compared with it.
    """
    return _find_name(release) or (installed.publisher if installed is not None else None)


def _find_name(release: Release) -> str | None:
    publisher = release.data["publisher"]
    return (publisher["name"] or None) if publisher is not None else None


def find_transfer_time(client: RegistryClient, change: PublisherChange) -> str | None:
    """When the plugin was last transferred to the new publisher; None if the registry does not say it."""
    try:
        plugin = client.get_plugin(change.release.name)
    except PlugportError:
        return None
    times = [each["at"] for each in plugin.data["transfers"] if each["to"] == change.after]
    return next(iter(times), None)


def refuse_publisher(
    change: PublisherChange, *, transferred_at: str | None = None, hint: str = ""
) -> None:
    """The `ConfirmPublisher` that accepts nobody. Raises `PublisherChangedError`."""
    name, version = change.release.name, change.release.version
    moved = f"; it was transferred on {transferred_at[:10]}" if transferred_at else ""
    raise PublisherChangedError(
        f"`{name}@{version}` is of {quote_text(change.after)}, and the installed"
        f" {change.installed.version} of {quote_text(change.before)}{moved}",
        hint=hint or "Find out who the new publisher is before you accept it.",
        context={
            "plugin": str(name),
            "version": str(version),
            "publisher": change.after,
            "installedVersion": str(change.installed.version),
            "installedPublisher": change.before,
            "transferredAt": transferred_at,
        },
    )
