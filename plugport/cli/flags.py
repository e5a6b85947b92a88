"""Set and clear the flags of a release, for `deprecate` and `yank`."""

from __future__ import annotations

from collections.abc import Mapping

import click

from plugport.cli.session import Session

_STATUS_LABELS = {
    "deprecate": "deprecated",
    "undeprecate": "no longer deprecated",
    "yank": "yanked",
    "unyank": "no longer yanked",
}


def mark_release(session: Session, text: str, mark: str, document: Mapping[str, str]) -> None:
    """Send the API action `mark` for the release NAME@VERSION, and print its new status."""
    from plugport.cli.missing_names import explain_missing
    from plugport.installer.resolver import find_exact_version
    from plugport.installer.sources import split_version_spec
    from plugport.spec.names import PluginName
    from plugport.spec.versions import Version

    name_text, version_text = split_version_spec(text)
    if version_text is None:
        raise click.UsageError(f"`{text}` has no version; use NAME@VERSION")
    name = PluginName.parse(name_text)
    # Without a version in the text this raises the error that explains what a version is.
    version = find_exact_version(version_text) or Version.parse(version_text)
    with session.open_client() as client, explain_missing(client, name):
        release = client.mark_release(name, version, mark, document)
    session.output.print_json({"release": release.document})
    session.output.print_line(f"{name}@{version} is {_STATUS_LABELS[mark]}")
