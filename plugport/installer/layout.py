"""The folders and files of an installation."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Self

from msgspec import Struct

from plugport.installer.errors import UnsafeFolderError
from plugport.spec.errors import PlugportError
from plugport.spec.names import PluginName

STATE_FOLDER = ".plugport"
# Not allowed in names, so that each name has a folder of its own.
_SLASH = "+"


class WorkFolder(Struct, frozen=True):
    """The files of one plugin's change, apart from those of other plugins.

    A change that cannot be completed or undone blocks only its own plugin.
    """

    path: Path

    @property
    def stage(self) -> Path:
        """The new tree before it is moved to its folder."""
        return self.path / "new"

    @property
    def retired(self) -> Path:
        """The old tree before it is deleted."""
        return self.path / "old"

    @property
    def pending_file(self) -> Path:
        """The unfinished change; absent if there is none."""
        return self.path / "pending.json"


class InstallLayout(Struct, frozen=True):
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
    def lock_file(self) -> Path:
        """Locked during every change."""
        return self.state / "lock"

    @property
    def work(self) -> Path:
        """The folders of unfinished changes, one for each plugin."""
        return self.state / "work"

    def work_of(self, name: PluginName) -> WorkFolder:
        """The files of a plugin's change."""
        return WorkFolder(self.work / str(name).replace("/", _SLASH))

    def iter_work(self) -> Iterator[tuple[PluginName | None, WorkFolder]]:
        """Yield the changes of runs that are unfinished or running, by plugin.

        The name is None if the folder has none. Nothing without a folder `work`, or if it is a link.
        """
        if self.work.is_symlink() or not self.work.is_dir():
            return
        for path in sorted(self.work.iterdir()):
            try:
                name = PluginName.parse(path.name.replace(_SLASH, "/"))
            except PlugportError:
                name = None
            yield name, WorkFolder(path)

    def folder_of(self, name: PluginName) -> Path:
        """The folder of a plugin, whether it is installed or not."""
        scope = self.plugins if name.scope is None else self.plugins / f"@{name.scope}"
        return scope / name.name

    def check_folders(self, name: PluginName | None = None) -> None:
        """Check the folders of the installation, and the scope's folder of a plugin.

        None may be a symbolic link: a cloned project could point one at files outside the project,
        which an installation would then delete or overwrite (CWE-59). Raises `UnsafeFolderError`.
        """
        # The folder of `--target` may be a link: the user named it, not the project.
        folders = [self.state, self.work]
        if self.plugins.parent == self.state:
            folders.append(self.plugins)
        # The plugin's own folder is renamed and deleted, never followed.
        if name is not None:
            folders.append(self.work_of(name).path)
            if name.scope is not None:
                folders.append(self.folder_of(name).parent)
        for folder in folders:
            found = find_wrong_type(folder)
            if found is not None:
                raise UnsafeFolderError(
                    f"`{folder}` is a {found}; it must be a folder of this project",
                    hint=f"Delete the {found}, then run the same command again.",
                )

    def create_folders(self) -> None:
        """Create the folders that do not exist. Raises `UnsafeFolderError`."""
        self.check_folders()
        self.plugins.mkdir(parents=True, exist_ok=True)
        self.work.mkdir(parents=True, exist_ok=True)


def find_wrong_type(folder: Path) -> str | None:
    """What is at the path of a folder instead; None for a folder or nothing.

    Raises `OSError` if the path cannot be examined.
    """
    try:
        mode = folder.lstat().st_mode
    except FileNotFoundError:
        return None
    if stat.S_ISLNK(mode):
        return "symbolic link"
    return None if stat.S_ISDIR(mode) else "file"
