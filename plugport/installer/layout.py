"""The folders and files of an installation."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Self

from plugport.installer.errors import UnsafeFolderError
from plugport.spec.names import PluginName

STATE_FOLDER = ".plugport"


@dataclass(frozen=True, slots=True)
class InstallLayout:
    """One set of installed plugins: those of a project, or of a folder given by `--target`."""

    plugins: Path
    state: Path

    @classmethod
    def for_project(cls, folder: Path) -> Self:
        """Plugins in `.plugport/plugins` of a project."""
        state = folder / STATE_FOLDER
        return cls(plugins=state / "plugins", state=state)

    @classmethod
    def for_target(cls, folder: Path) -> Self:
        """Plugins directly in a folder, records in its `.plugport`."""
        return cls(plugins=folder, state=folder / STATE_FOLDER)

    @property
    def installed_file(self) -> Path:
        """The record of installed plugins."""
        return self.state / "installed.json"

    @property
    def pending_file(self) -> Path:
        """The unfinished change; absent if there is none."""
        return self.state / "pending.json"

    @property
    def lock_file(self) -> Path:
        """Locked during every change."""
        return self.state / "lock"

    @property
    def stage(self) -> Path:
        """The new tree before it is moved to its folder."""
        return self.state / "work" / "new"

    @property
    def retired(self) -> Path:
        """The old tree before it is deleted."""
        return self.state / "work" / "old"

    def folder_of(self, name: PluginName) -> Path:
        """The folder of a plugin, whether it is installed or not."""
        scope = self.plugins if name.scope is None else self.plugins / f"@{name.scope}"
        return scope / name.name

    def check_folders(self, name: PluginName | None = None) -> None:
        """Check that no folder of the installation is a symbolic link.

        A cloned project could point one at files outside the project, which an installation would
        then delete or overwrite (CWE-59). Raises `UnsafeFolderError`.
        """
        # The folder of `--target` may be a link: the user named it, not the project.
        folders = [self.state, self.stage.parent, self.stage, self.retired]
        if self.plugins.parent == self.state:
            folders.append(self.plugins)
        # The plugin's own folder may be a link: it is renamed and deleted, never followed.
        if name is not None and name.scope is not None:
            folders.append(self.folder_of(name).parent)
        for folder in folders:
            if folder.is_symlink():
                raise UnsafeFolderError(
                    f"`{folder}` is a symbolic link; it must be a folder of this project",
                    hint="Delete the link, then run the same command again.",
                )

    def create_folders(self) -> None:
        """Create the folders that do not exist. Raises `UnsafeFolderError`."""
        self.check_folders()
        self.plugins.mkdir(parents=True, exist_ok=True)
        self.stage.parent.mkdir(parents=True, exist_ok=True)
