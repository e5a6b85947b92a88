"""`plugport install`: install a plugin by name, path or URL."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import TYPE_CHECKING

import click
from msgspec.structs import replace

from plugport.cli.command_group import plugport_command
from plugport.cli.install_output import print_installed, print_several
from plugport.cli.output import sanitize_text
from plugport.cli.session import Session
from plugport.cli.terminal.completions import FOLDER_PATH, complete_sources
from plugport.spec.text import quote_text

if TYPE_CHECKING:
    from plugport.cli.engines import EngineChecker
    from plugport.client import RegistryClient, Release
    from plugport.client.models import ReleasePermissionChanges
    from plugport.installer import Decision, Installer, Outcome, PermissionChanges, RegistrySource
    from plugport.installer.publisher_changes import PublisherChange
    from plugport.installer.sources import PathSource, UrlSource
    from plugport.spec.digest import Digest
    from plugport.spec.manifest.model import Permissions
    from plugport.spec.names import PluginName

_MAX_PERMISSIONS = 8
_PERMISSION_VERBS = {
    "network": "connect to",
    "exec": "run",
    "env": "read the variable",
    "components": "use",
}


@plugport_command(
    "install",
    examples=(
        "plugport install @ar/slack-bridge",
        "plugport install '@ar/slack-bridge@^1.2.0'",
        "plugport install @ar/slack-bridge@beta --yes",
        "plugport install @ar/slack-bridge my-plugin",
        "plugport install ./my-plugin --target ./host/plugins",
        "plugport install https://example.org/my-plugin-1.0.0.tgz --yes",
    ),
)
@click.argument(
    "sources", nargs=-1, required=True, metavar="SOURCE...", shell_complete=complete_sources
)
@click.option(
    "--target",
    metavar="DIR",
    type=FOLDER_PATH,
    help="Install into this folder instead of .plugport/plugins.",
)
@click.option("--integrity", metavar="SRI", help="Expected digest of a package from a path or URL.")
@click.option(
    "-y",
    "--yes",
    is_flag=True,
    help="Install without confirmation: unreviewed plugins and new permissions.",
)
@click.option(
    "--ignore-engines",
    is_flag=True,
    help="Install plugins for other versions of the runtimes on this machine.",
)
@click.option(
    "--accept-publisher",
    "accepted",
    multiple=True,
    metavar="NAME",
    help="Install versions of this owner in place of another owner's; can be repeated.",
)
@click.pass_context
def command(
    context: click.Context,
    sources: tuple[str, ...],
    target: str | None,
    integrity: str | None,
    yes: bool,
    ignore_engines: bool,
    accepted: tuple[str, ...],
) -> None:
    """Install plugins into .plugport/plugins of this project.

    SOURCE is NAME, NAME@VERSION, NAME@RANGE or NAME@TAG, a folder or package such as ./plugin.tgz,
    or the URL of a package. The plugins that it needs are installed too: the newest releases that fit,
    one version of each plugin. With several names, all are checked before the first is installed.
    """
    from plugport.cli.dependencies import build_planner
    from plugport.cli.engines import EngineChecker
    from plugport.environment.home import expand_home
    from plugport.installer.sources import PathSource, UrlSource
    from plugport.spec.digest import Digest

    session: Session = context.obj
    parsed = _parse_sources(sources)
    # Parsed before any request, so that a typo in the digest fails at once.
    digest = Digest.parse_sri(integrity) if integrity is not None else None
    installer = session.build_installer(
        target, lambda gained: _confirm_permission_changes(session, gained, yes)
    )
    engines = EngineChecker(
        session.output,
        ignores_misfits=ignore_engines,
        rerun=session.format_rerun("--ignore-engines"),
    )
    # Opened at the first use: a package from a path may need no registry.
    get_client = cache(lambda: context.with_resource(session.open_client()))
    installer = replace(
        installer,
        plan=build_planner(
            installer,
            get_client,
            lambda release, needed_by: _agree_to_dependency(
                session, get_client(), installer, release, needed_by, yes, engines
            ),
        ),
        check_engines=engines.check,
        confirm_publisher=lambda each: _confirm_publisher(session, get_client(), each, accepted),
    )
    if isinstance(parsed, PathSource):
        outcome = installer.install_path(expand_home(parsed.path), digest)
        print_installed(session, outcome, None, engines)
    elif isinstance(parsed, UrlSource):
        outcome = _install_url(session, get_client, installer, parsed.url, digest, yes)
        print_installed(session, outcome, None, engines)
    elif digest is not None:
        raise click.UsageError(
            "--integrity can only be used with a path or URL; the registry has its own"
        )
    else:
        _install_releases(session, get_client(), installer, parsed, yes, engines)


def _parse_sources(texts: Sequence[str]) -> PathSource | UrlSource | list[RegistrySource]:
    """Parse what to install: one path or URL, or plugins of the registry."""
    from plugport.installer.sources import RegistrySource, parse_source

    sources = [parse_source(text) for text in dict.fromkeys(texts)]
    if len(sources) == 1 and not isinstance(sources[0], RegistrySource):
        return sources[0]
    names = [each for each in sources if isinstance(each, RegistrySource)]
    if len(names) < len(sources):
        raise click.UsageError("a path or URL cannot be installed together with other plugins")
    return names


def _install_releases(
    session: Session,
    client: RegistryClient,
    installer: Installer,
    sources: Sequence[RegistrySource],
    yes: bool,
    engines: EngineChecker,
) -> None:
    """Install plugins of the registry: first check all, then download all, then install."""
    releases, renamed = _resolve_releases(client, sources)
    # Before the download, which is useless without the user's consent.
    decisions = [_get_install_decision(release) for release in releases]
    for release in releases:
        engines.check_release(release)
    changes = [
        _print_release_permission_changes(session, client, installer, release)
        for release in releases
    ]
    for release, decision in zip(releases, decisions, strict=True):
        _apply_policy(session, release, decision, yes)
    # After consent, so that a refused installation prints only its reason.
    for warning in renamed:
        session.output.warn(warning)
    for release in releases:
        _print_flags(session, release)
    installed = installer.install_releases(client, releases)
    if len(installed.requested) == 1:
        outcome = replace(installed.requested[0], dependencies=installed.dependencies)
        print_installed(session, outcome, changes[0], engines)
    else:
        print_several(session, installed, changes, engines)


def _resolve_releases(
    client: RegistryClient, sources: Sequence[RegistrySource]
) -> tuple[list[Release], list[str]]:
    """Find the release of each source, and warnings about renamed plugins.

    Raises `UsageError` for two versions of one plugin.
    """
    from plugport.cli.missing_names import explain_missing
    from plugport.installer.resolver import resolve_release

    releases: dict[PluginName, Release] = {}
    renamed = []
    for source in sources:
        with explain_missing(client, source.name):
            release = resolve_release(client, source.name, source.requested)
        # By its present name: two names may be those of one renamed plugin.
        other = releases.setdefault(release.name, release)
        if str(other.version) != str(release.version):
            raise click.UsageError(
                f"`{release.name}` can be installed only once, not as `{other.version}` and"
                f" `{release.version}`"
            )
        if release.name != source.name:
            renamed.append(f"`{source.name}` was renamed to `{release.name}`")
    return list(releases.values()), renamed


def _print_flags(session: Session, release: Release) -> None:
    label = f"`{release.name}@{release.version}`"
    if release.yank_reason is not None:
        reason = f" Reason: {release.yank_reason}" if release.yank_reason else ""
        session.output.warn(f"{label} is yanked: do not use it in new projects.{reason}")
    if release.is_deprecated:
        session.output.warn(f"{label} is deprecated. {release.deprecation_notice}".rstrip())


def _agree_to_dependency(
    session: Session,
    client: RegistryClient,
    installer: Installer,
    release: Release,
    needed_by: str,
    yes: bool,
    engines: EngineChecker,
) -> None:
    """Apply the policy to a release that other plugins need, as if the user had named it."""
    decision = _get_install_decision(release)
    engines.check_release(release)
    _print_release_permission_changes(session, client, installer, release)
    reason = f"{decision.reason} (needed by {needed_by})"
    _apply_policy(session, release, replace(decision, reason=reason), yes)
    _print_flags(session, release)


def _get_install_decision(release: Release) -> Decision:
    from plugport.installer.errors import InstallBlockedError
    from plugport.installer.install_policy import Policy, decide_install

    decision = decide_install(release)
    # `--yes` does not override this: it is for reviewed risks, not for malicious releases.
    if decision.policy is Policy.BLOCK:
        raise InstallBlockedError(
            decision.reason,
            hint=f"Run `plugport info {release.name}@{release.version}` for details.",
            context={"trust": release.data["trust"], "state": release.data["state"]},
        )
    return decision


def _print_release_permission_changes(
    session: Session, client: RegistryClient, installer: Installer, release: Release
) -> ReleasePermissionChanges | None:
    """Print the permissions that a release gained, if its plugin is not installed.

    A release that replaces an installed one is compared with that one instead, and must be
    confirmed (`_confirm_permission_changes`).
    """
    from plugport.installer.permission_changes import find_release_permission_changes

    # The installer itself compares with the installed version and requires confirmation.
    if release.name in installer.list_installed():
        return None
    changes = find_release_permission_changes(client, release)
    if changes is not None:
        gained = _format_permissions(changes.permissions)
        label = f"`{release.name}@{release.version}`"
        session.output.note(
            f"{label} has more permissions than the previous release {changes.before}: {gained}"
        )
    return changes


def _apply_policy(session: Session, release: Release, decision: Decision, yes: bool) -> None:
    from plugport.installer.install_policy import Policy

    if decision.policy is Policy.NOTICE:
        session.output.note(decision.reason)
    if decision.policy is Policy.ASK:
        label = f"{release.name}@{release.version}"
        hint = f"Run `plugport info {label}` to review it, then `{session.format_rerun('--yes')}`."
        _confirm(session, decision.reason, yes, hint=hint)


def _confirm_permission_changes(session: Session, changes: PermissionChanges, yes: bool) -> None:

    name, before = changes.installed.name, changes.installed.version
    gained = _format_permissions(changes.permissions)
    reason = (
        f"`{name}@{changes.version}` has more permissions than the installed {before}: {gained}"
    )
    hint = f"Review the new permissions, then run `{session.format_rerun('--yes')}`."
    _confirm(session, reason, yes, hint=hint)


def _confirm_publisher(
    session: Session, client: RegistryClient, change: PublisherChange, accepted: Sequence[str]
) -> None:
    """Accept only publishers that the user named: `--yes` is for what is known of a plugin."""
    from plugport.installer.publisher_changes import find_transfer_time, refuse_publisher

    label = f"{change.release.name}@{change.release.version}"
    if change.after in accepted:
        after, before = quote_text(change.after), quote_text(change.before)
        session.output.warn(f"`{label}` is of {after}, and the installed one of {before}")
        return
    rerun = session.format_rerun("--accept-publisher", change.after)
    refuse_publisher(
        change,
        transferred_at=find_transfer_time(client, change),
        hint=f"Run `plugport info {label}` to review it, then `{rerun}`.",
    )


def _install_url(
    session: Session,
    get_client: Callable[[], RegistryClient],
    installer: Installer,
    url: str,
    digest: Digest | None,
    yes: bool,
) -> Outcome:
    # With a digest the user has already decided about exactly these bytes.
    if digest is None:
        _confirm(
            session,
            f"`{sanitize_text(url)}` is not from a registry and was not checked",
            yes,
            hint="Add `--integrity` with the digest of the package. Or review it, then run "
            f"`{session.format_rerun('--yes')}`.",
        )
    return installer.install_url(get_client().open_url, url, digest)


def _confirm(session: Session, reason: str, yes: bool, *, hint: str) -> None:
    """Ask for consent unless `yes` is set. Raises `ConsentRequiredError` with `hint`."""
    import sys

    from plugport.installer.errors import ConsentRequiredError

    if yes:
        session.output.warn(reason)
        return
    # Without a terminal a prompt would block a script; with --json it would break the output.
    if session.output.as_json or not sys.stdin.isatty():
        raise ConsentRequiredError(reason, hint=hint)
    # The reason goes to stderr, as the prompt does: stdout is for data only.
    session.output.warn(reason)
    if not click.confirm("Install it anyway?", err=True):
        raise ConsentRequiredError("not installed: you did not confirm the installation")


def _format_permissions(permissions: Permissions) -> str:
    """Permissions (PKG-6a) in one line: `write ./data, connect to api.example.org, run git`."""
    words = []
    # Paths are quoted: they come from a manifest and could imitate the rest of the message.
    for entry in permissions.filesystem:
        verb, _, path = entry.partition(":")
        words.append(f"{verb} {quote_text(path)}")
    for name, verb in _PERMISSION_VERBS.items():
        words += [f"{verb} {quote_text(entry)}" for entry in getattr(permissions, name)]
    more = f", and {len(words) - _MAX_PERMISSIONS} more" if len(words) > _MAX_PERMISSIONS else ""
    return ", ".join(words[:_MAX_PERMISSIONS]) + more
