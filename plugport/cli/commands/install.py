"""`plugport install`: by name, path or URL."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from plugport.cli.lazy import plugport_command
from plugport.cli.output import clean, format_size
from plugport.cli.session import Session

if TYPE_CHECKING:
    from plugport.client import RegistryClient, Release
    from plugport.client.models import ReleaseGain
    from plugport.installer import Decision, Gain, Installer, Outcome, RegistrySource
    from plugport.spec.digest import Digest


@plugport_command(
    "install",
    examples=(
        "plugport install @ar/slack-bridge",
        "plugport install @ar/slack-bridge@^1.2.0",
        "plugport install @ar/slack-bridge@beta --yes",
        "plugport install ./my-plugin --target ./host/plugins",
        "plugport install https://example.org/my-plugin-1.0.0.tgz --yes",
    ),
)
@click.argument("source", metavar="SOURCE")
@click.option("--target", metavar="DIR", help="Install into this folder, not into .plugport.")
@click.option("--integrity", metavar="SRI", help="For paths and URLs: the digest it must have.")
@click.option(
    "-y",
    "--yes",
    is_flag=True,
    help="Agree to plugins that nobody has reviewed, and to more permissions.",
)
@click.pass_obj
def command(
    session: Session, source: str, target: str | None, integrity: str | None, yes: bool
) -> None:
    """Install a plugin into this project.

    SOURCE is NAME, NAME@VERSION, NAME@RANGE, NAME@TAG, a folder or package such as ./plugin.tgz,
    or the URL of a package. The plugin goes to .plugport/plugins/NAME.
    """
    from plugport.installer.sources import PathSource, UrlSource, parse_source
    from plugport.spec.digest import Digest

    wanted = parse_source(source)
    gain = None
    digest = Digest.parse_sri(integrity) if integrity is not None else None
    installer = session.make_installer(target, lambda gain: _ask_gain(session, gain, yes))
    if isinstance(wanted, PathSource):
        outcome = installer.install_path(Path(wanted.path).expanduser(), digest)
    elif isinstance(wanted, UrlSource):
        outcome = _install_url(session, installer, wanted.url, digest, yes)
    elif digest is not None:
        raise click.UsageError("--integrity is for paths and URLs; the registry states its own")
    else:
        with session.open_client() as client:
            outcome, gain = _install_release(session, client, installer, wanted, yes)
    _show_outcome(session, outcome, gain)


def _install_release(
    session: Session,
    client: RegistryClient,
    installer: Installer,
    source: RegistrySource,
    yes: bool,
) -> tuple[Outcome, ReleaseGain | None]:
    from plugport.installer.choose import choose_release

    release = choose_release(client, source.name, source.wanted)
    # Before anything is fetched: a no costs nothing.
    decision = _decide(release)
    gain = _tell_gain(session, client, installer, release)
    _ask_consent(session, decision, yes)
    label = f"`{release.name}@{release.version}`"
    if release.name != source.name:
        session.output.warn(f"`{source.name}` was renamed: this is {label}")
    if release.yanked is not None:
        session.output.warn(f"{label} is yanked: it should not be used in anything new")
    if release.deprecated is not None:
        session.output.warn(f"{label} is deprecated. {release.deprecated}".rstrip())
    return installer.install_release(client, release), gain


def _decide(release: Release) -> Decision:
    from plugport.installer.decide import Policy, decide_install
    from plugport.installer.errors import InstallBlockedError

    decision = decide_install(release)
    if decision.policy is Policy.BLOCK:
        raise InstallBlockedError(
            decision.reason,
            hint=f"`plugport info {release.name}` shows what is known about it.",
            context={"trust": release.trust, "state": release.state},
        )
    return decision


def _tell_gain(
    session: Session, client: RegistryClient, installer: Installer, release: Release
) -> ReleaseGain | None:
    """Say what a plugin that is not installed yet gained with its newest release.

    What replaces an installed version is compared with that one, and asked about (`_ask_gain`).
    """
    from plugport.cli.permissions import describe_permissions
    from plugport.installer.gains import find_release_gain

    if release.name in installer.list_installed():
        return None
    gain = find_release_gain(client, release)
    if gain is not None:
        told = describe_permissions(gain.permissions)
        label = f"`{release.name}@{release.version}`"
        session.output.note(f"{label} may do more than {gain.before}, the one before it: {told}")
    return gain


def _ask_consent(session: Session, decision: Decision, yes: bool) -> None:
    from plugport.installer.decide import Policy

    if decision.policy is Policy.NOTICE:
        session.output.note(decision.reason)
    if decision.policy is Policy.ASK:
        _confirm(session, decision.reason, yes)


def _ask_gain(session: Session, gain: Gain, yes: bool) -> None:
    from plugport.cli.permissions import describe_permissions

    name, before = gain.installed.name, gain.installed.version
    told = describe_permissions(gain.permissions)
    reason = f"`{name}@{gain.version}` may do more than the installed {before}: {told}"
    _confirm(session, reason, yes)


def _install_url(
    session: Session, installer: Installer, url: str, digest: Digest | None, yes: bool
) -> Outcome:
    # A digest given by the person is their word for these very bytes.
    if digest is None:
        _confirm(session, f"`{clean(url)}` comes from no registry: nobody has checked it", yes)
    with session.open_client() as client:
        return installer.install_url(client.open_package, url, digest)


def _confirm(session: Session, reason: str, yes: bool) -> None:
    import sys

    from plugport.installer.errors import ConsentNeededError

    if yes:
        session.output.warn(reason)
        return
    # A question inside a JSON stream, or to nobody, would hang or break a script.
    if session.output.as_json or not sys.stdin.isatty():
        raise ConsentNeededError(reason, hint="Look at it first; --yes installs it then.")
    session.output.warn(reason)
    if not click.confirm("install it all the same?", err=True):
        raise ConsentNeededError("not installed: you did not agree")


def _show_outcome(session: Session, outcome: Outcome, gain: ReleaseGain | None) -> None:
    from plugport.spec.manifest.permissions import write_permissions

    plugin = outcome.plugin
    previous = outcome.previous.version if outcome.previous is not None else None
    session.output.show_json(
        {
            "installed": {"name": str(plugin.name), **plugin.as_dict()},
            "folder": str(outcome.folder),
            "previousVersion": str(previous) if previous is not None else None,
            "changed": not outcome.is_unchanged,
            "gained": None
            if gain is None
            else {"over": str(gain.before), "permissions": write_permissions(gain.permissions)},
        }
    )
    label = f"{plugin.name}@{plugin.version}"
    if outcome.is_unchanged:
        session.output.show(f"{label} is installed already, unchanged")
        return
    instead = f", in place of {previous}" if previous not in {None, plugin.version} else ""
    size = sum(path.stat().st_size for path in outcome.folder.rglob("*") if path.is_file())
    session.output.show(f"installed {label}{instead} ({format_size(size)}) in {outcome.folder}")
