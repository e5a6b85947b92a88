"""Setting and taking back the flags of a release, for `deprecate` and `yank`."""

from __future__ import annotations

from collections.abc import Mapping

import click

from plugport.cli.session import Session

_DONE = {
    "deprecate": "deprecated",
    "undeprecate": "no longer deprecated",
    "yank": "yanked",
    "unyank": "no longer yanked",
}


def mark_release(session: Session, text: str, mark: str, document: Mapping[str, str]) -> None:
    """Set the flag `mark` of the release that `text` names, and say so."""
    from plugport.installer.sources import split_wanted
    from plugport.spec.names import PluginName
    from plugport.spec.versions import Version

    name_text, version_text = split_wanted(text)
    if version_text is None:
        raise click.UsageError(f"`{text}` names no version: NAME@VERSION is needed")
    name, version = PluginName.parse(name_text), Version.parse(version_text)
    with session.open_client() as client:
        release = client.mark_release(name, version, mark, document)
    session.output.show_json({"release": release.document})
    session.output.show(f"{name}@{version} is {_DONE[mark]}")
