"""The places of an installation: where plugins go, and where its records are."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Self

from plugport.installer.errors import UnsafeFolderError
from plugport.spec.names import PluginName

STATE_FOLDER = ".plugport"


@dataclass(frozen=True, slots=True)
class Site:
    """One set of installed plugins: of a project, or of any folder (`--target`)."""

    plugins: Path
    state: Path

    @classmethod
    def of_project(cls, folder: Path) -> Self:
        """Plugins in `.plugport/plugins` of a project."""
        state = folder / STATE_FOLDER
        return cls(plugins=state / "plugins", state=state)

    @classmethod
    def of_target(cls, folder: Path) -> Self:
        """Plugins directly in a folder, records in its `.plugport`."""
        return cls(plugins=folder, state=folder / STATE_FOLDER)

    @property
    def installed_file(self) -> Path:
        """What is installed."""
        return self.state / "installed.json"

    @property
    def pending_file(self) -> Path:
        """The change that is under way, if one is."""
        return self.state / "pending.json"

    @property
    def lock_file(self) -> Path:
        """Held while anything here changes."""
        return self.state / "lock"

    @property
    def stage(self) -> Path:
        """The new tree on its way in."""
        return self.state / "work" / "new"

    @property
    def retired(self) -> Path:
        """The old tree on its way out."""
        return self.state / "work" / "old"

    def folder_of(self, name: PluginName) -> Path:
        """Where a plugin is or would be."""
        scope = self.plugins if name.scope is None else self.plugins / f"@{name.scope}"
        return scope / name.name

    def check_folders(self, name: PluginName | None = None) -> None:
        """Refuse folders that are links: a cloned project could point them at foreign files.

        Raises `UnsafeFolderError`.
        """
        # `--target` itself may be a link: the person named it, no project did.
        own = [self.state, self.stage.parent, self.stage, self.retired]
        if self.plugins.parent == self.state:
            own.append(self.plugins)
        if name is not None and name.scope is not None:
            own.append(self.folder_of(name).parent)
        for folder in own:
            if folder.is_symlink():
                raise UnsafeFolderError(
                    f"`{folder}` is a link, and a folder of this project's own is needed",
                    hint="Remove the link and try again.",
                )

    def make_folders(self) -> None:
        """Create what is missing. Raises `UnsafeFolderError`."""
        self.check_folders()
        self.plugins.mkdir(parents=True, exist_ok=True)
        self.stage.parent.mkdir(parents=True, exist_ok=True)
