"""Values of options and arguments that a shell completes: files, kinds and the names of installed plugins."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.shell_completion import CompletionItem

if TYPE_CHECKING:
    TextType = click.ParamType[str]
else:
    # Not generic before click 8.3.
    TextType = click.ParamType


class PathText(TextType):
    """The path of a file or folder, which the shell itself completes.

    An empty text is an error: it comes from a variable that is not set, and would mean the current
    folder.
    """

    name = "path"

    def __init__(self, kind: str) -> None:
        self._kind = kind

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the text as it is. Raises `click.BadParameter` if it is empty."""
        if not value:
            self.fail("the path is empty; the current folder is `.`", param, ctx)
        return value

    def shell_complete(
        self, _ctx: click.Context, _param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Let the shell complete the path."""
        return [CompletionItem(incomplete, type=self._kind)]


FILE_PATH, FOLDER_PATH = PathText("file"), PathText("dir")


def complete_sources(
    _context: click.Context, _parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Files if the word is a path; names are known to the registry only."""
    is_path = incomplete.startswith((".", "~", os.sep))
    return [CompletionItem(incomplete, type="file")] if is_path else []


def complete_kinds(
    _context: click.Context, _parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Kinds of plugins."""
    from plugport.spec.manifest.kinds import KINDS

    return [CompletionItem(kind) for kind in KINDS if kind.startswith(incomplete)]


def complete_installed(
    context: click.Context, _parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Names of the plugins that are installed in this project or in `--target`."""
    from plugport.installer.install_record import load_installed
    from plugport.installer.layout import InstallLayout
    from plugport.spec.errors import PlugportError

    target = context.params.get("target")
    layout = InstallLayout.for_target(Path(target)) if target else InstallLayout.for_project(Path())
    try:
        names = [str(name) for name in load_installed(layout.installed_file)]
    except (PlugportError, OSError):
        # The command itself reports it.
        return []
    return [CompletionItem(name) for name in sorted(names) if name.startswith(incomplete)]
