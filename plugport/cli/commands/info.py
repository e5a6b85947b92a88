"""`plugport info`: show details of a plugin."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import click

from plugport.cli.command_group import plugport_command
from plugport.cli.dates import format_date
from plugport.cli.output import format_size
from plugport.cli.session import Session

if TYPE_CHECKING:
    from plugport.client import Plugin, Release
    from plugport.spec.api.plugins import Publisher

_LABEL_CHARS = 12
_DIGEST_CHARS = 12
_MAX_CONFIG_KEYS = 20


@plugport_command(
    "info",
    examples=(
        "plugport info @ar/slack-bridge",
        "plugport info @ar/slack-bridge@1.2.0",
        "plugport info @ar/slack-bridge@beta --json",
    ),
)
@click.argument("plugin", metavar="NAME[@VERSION|@RANGE|@TAG]")
@click.pass_obj
def command(session: Session, plugin: str) -> None:
    """Show details of a plugin: description, owners, trust level, permissions, dependencies.

    Without a version, shows the release that `plugport install` installs.
    """
    from plugport.cli.missing_names import explain_missing
    from plugport.installer.resolver import resolve_release
    from plugport.installer.sources import split_version_spec
    from plugport.spec.errors import MissingError
    from plugport.spec.names import PluginName

    text, requested = split_version_spec(plugin)
    name = PluginName.parse(text)
    with session.open_client() as client, explain_missing(client, name):
        details = client.get_plugin(name)
        try:
            release = resolve_release(client, name, requested, plugin=details)
        except MissingError:
            # A plugin without an installable release still has details to show.
            if requested is not None:
                raise
            release = None
    # In JSON both are the registry's own documents, so that new members appear without an update.
    document = release.document if release is not None else None
    session.output.print_json({"plugin": details.document, "release": document})
    _print_plugin(session, details, release)


def _print_plugin(session: Session, plugin: Plugin, release: Release | None) -> None:
    version = f" {release.version}" if release is not None else ""
    session.output.print_line(f"{plugin.name}{version}")
    if plugin.data["description"]:
        session.output.print_line(plugin.data["description"])
    session.output.print_line()
    rows = [*_iter_plugin_rows(plugin), *(_iter_release_rows(release) if release else [])]
    for label, value in rows:
        if value:
            session.output.print_line(f"  {label:<{_LABEL_CHARS}} {value}")
    _warn_about_release(session, plugin, release)


def _iter_plugin_rows(plugin: Plugin) -> Iterator[tuple[str, str]]:
    from plugport.spec.api.plugins import PluginDetail
    from plugport.spec.api.reading import parse_leniently

    # From the document: the client does not validate members that are only displayed.
    document = plugin.document
    author = plugin.data["author"]
    yield "kind", plugin.data["type"]
    # The owners are accounts of the registry. Anybody can write any author into a manifest.
    yield "owners", ", ".join(plugin.data["owners"])
    yield "publisher", _format_publisher(plugin.data["publisher"])
    details = parse_leniently(PluginDetail, document)
    yield "verified", ", ".join(proof["name"] for proof in details["proofs"])
    yield "author", f"{author['name']} (as declared, not verified)" if author else ""
    yield "license", plugin.data["license"] or ""
    yield "homepage", _text_or_empty(document.get("homepage"))
    repository = _get_repository_url(document.get("repository"))
    is_proven = repository and details["repositoryProven"]
    yield "repository", f"{repository} (verified)" if is_proven else repository
    yield "downloads", str(plugin.data["downloads"])
    yield "adoption", _describe_adoption(plugin) if plugin.data["seeksAdoption"] else ""
    yield "tags", ", ".join(f"{tag} {version}" for tag, version in plugin.data["distTags"].items())


def _format_publisher(publisher: Publisher | None) -> str:
    """The owner that stands for the plugin, and since when."""
    if publisher is None or not publisher["name"]:
        return ""
    facts = [publisher["kind"], f"since {publisher['since'][:10]}" if publisher["since"] else ""]
    return f"{publisher['name']} ({', '.join(fact for fact in facts if fact)})"


def _describe_adoption(plugin: Plugin) -> str:
    claim = shlex.join(["plugport", "claim", "new", str(plugin.name), "--kind", "adoption"])
    return f"its owners look for somebody who takes it over: {claim}"


def _format_publication(release: Release) -> str:
    """When it was published, by which account, and to whom the plugin belonged then."""
    document = release.document
    date = format_date(document.get("publishedAt") or document.get("createdAt"))
    account, publisher = release.data["publishedBy"], release.data["publisher"]
    owner = publisher["name"] if publisher is not None else ""
    by = f" by {account}" if account else ""
    return f"{date}{by}{f', of {owner}' if owner and owner != account else ''}".strip()


def _iter_release_rows(release: Release) -> Iterator[tuple[str, str]]:
    document = release.document
    yield "trust", release.data["trust"]
    yield "state", release.data["state"]
    yield "size", format_size(release.data["size"]) if release.data["size"] else ""
    yield "published", _format_publication(release)
    yield "integrity", _shorten_digest(release.data["integrity"])
    # Lists without entries grant no permission.
    permissions = document.get("permissions")
    if isinstance(permissions, dict):
        for name, values in permissions.items():
            if isinstance(values, list) and values:
                yield str(name), ", ".join(str(value) for value in values)
    yield (
        "needs",
        ", ".join(
            f"{name} {version_range}"
            for name, version_range in release.data["dependencies"]["plugins"].items()
        ),
    )
    yield from _iter_config_rows(document)
    yield "install", shlex.join(["plugport", "install", f"{release.name}@{release.version}"])


def _iter_config_rows(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The settings of the plugin, required ones first."""
    from plugport.spec.config_keys import count_config_keys, list_config_keys

    manifest = document.get("manifest")
    config = manifest.get("config") if isinstance(manifest, Mapping) else None
    keys = list_config_keys(config)[:_MAX_CONFIG_KEYS]
    for key in keys:
        facts = [
            "required" if key.is_required else "optional",
            *([key.type] if key.type else []),
            *([f"default {key.default}"] if key.default else []),
        ]
        description = f": {key.description}" if key.description else ""
        yield "config", f"{key.name} ({', '.join(facts)}){description}".replace("\n", " ")
    omitted = count_config_keys(config) - len(keys)
    yield "config", f"and {omitted} more; --json has all" if omitted > 0 else ""


def _shorten_digest(integrity: str) -> str:
    """The start of a digest, which is enough to compare by eye; `--json` has the whole."""
    algorithm, dash, value = integrity.partition("-")
    shown = value[:_DIGEST_CHARS]
    return f"{algorithm}{dash}{shown}{'…' if len(value) > len(shown) else ''}"


def _warn_about_release(session: Session, plugin: Plugin, release: Release | None) -> None:
    if release is None:
        session.output.warn(f"`{plugin.name}` has no installable release")
        return
    label = f"`{release.name}@{release.version}`"
    if release.yank_reason is not None:
        session.output.warn(f"{label} is yanked. {release.yank_reason}".rstrip(". ") + ".")
    if release.is_deprecated:
        session.output.warn(
            f"{label} is deprecated. {release.deprecation_notice}".rstrip(". ") + "."
        )


def _text_or_empty(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _get_repository_url(value: Any) -> str:
    """The URL of a repository, which registries send as text or as an object."""
    return _text_or_empty(value.get("url")) if isinstance(value, Mapping) else _text_or_empty(value)
