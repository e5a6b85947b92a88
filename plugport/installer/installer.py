"""Install and remove plugins.

Each step is complete before the next begins, and no file of the project changes before the last:

1. *download* into the cache, resuming an interrupted download (`downloader`);
2. *verify* size, digest, archive, manifest, name and version (`verify`);
3. *unpack* into the stage of the layout, holding its lock;
4. *replace* the installed tree so that the next run can repair a kill (`transaction`).
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, cast

from plugport.client.client import RegistryClient
from plugport.client.models import Release
from plugport.client.progress import NoProgress, Progress
from plugport.installer.downloader import DownloadedPackage, Downloader, DownloadRequest, Opener
from plugport.installer.errors import (
    FolderExistsError,
    HasDependentsError,
    IntegrityError,
    NoSuchSourceError,
    NotInstalledError,
    UnsafeFolderError,
)
from plugport.installer.file_lock import hold_lock
from plugport.installer.filesystem import digest_entries, digest_tree
from plugport.installer.install_record import (
    InstalledPlugin,
    InstalledPlugins,
    list_dependents,
    load_installed,
)
from plugport.installer.layout import InstallLayout, find_wrong_type
from plugport.installer.permission_changes import (
    ConfirmChanges,
    find_permission_changes,
    refuse_changes,
)
from plugport.installer.transaction import (
    has_unfinished_change,
    install_staged,
    recover,
    remove_installed,
)
from plugport.installer.verify import (
    ExpectedPackage,
    VerifiedPackage,
    parse_integrity,
    verify_package,
)
from plugport.spec.archive.packer import list_source_files, pack_files
from plugport.spec.archive.reader import load_package
from plugport.spec.digest import Digest
from plugport.spec.manifest.model import Permissions
from plugport.spec.names import PluginName
from plugport.spec.text import quote_text


def _ignore_message(message: str) -> None:
    """Discard a message."""


@dataclass(frozen=True, slots=True)
class Provenance:
    """The origin of a package, for the record."""

    resolved: str
    registry: str | None = None
    trust: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of an installation. `previous` is the plugin that was installed before."""

    plugin: InstalledPlugin
    folder: Path
    previous: InstalledPlugin | None
    is_unchanged: bool = False


@dataclass(frozen=True, slots=True)
class Installer:
    """Installs into one layout.

    `cache` is the folder of partial downloads, which other runs share. `notify` receives messages
    for the user, and `warn` those that need action. `confirm` is called before a package replaces
    one with fewer permissions. With `replaces_links`, a symbolic link in place of a plugin's folder
    is replaced; its target stays.
    """

    layout: InstallLayout
    cache: Path
    progress: Progress = field(default_factory=NoProgress)
    notify: Callable[[str], None] = _ignore_message
    confirm: ConfirmChanges = refuse_changes
    warn: Callable[[str], None] = _ignore_message
    replaces_links: bool = False

    def install_release(self, client: RegistryClient, release: Release) -> Outcome:
        """Install a release of a registry, unless the same package is installed and unchanged.

        The caller decides first whether it may be installed (`decide_install`). Gained permissions
        are confirmed twice: those that the registry lists, before the download, and any others
        that are in the package's manifest. Raises `ConsentRequiredError`, `IntegrityError`,
        `ArchiveError`, `ManifestError` and the errors of the download.
        """
        # Before the download, and again with the lock: the project may change meanwhile.
        self._check_folder(release.name, self.list_installed())
        label = f"{release.name}@{release.version}"
        integrity = parse_integrity(release.data["integrity"], label)
        # By content, not only by version: installing again repairs changed files.
        unchanged = self._find_unchanged(release, integrity)
        if unchanged is not None:
            folder = self.layout.folder_of(release.name)
            return Outcome(unchanged, folder, unchanged, is_unchanged=True)
        installed = self.list_installed().get(release.name)
        changes = find_permission_changes(installed, release.version, release.permissions)
        if changes is not None:
            self.confirm(changes)
        url = client.package_url(release)
        # 0 if the registry does not send it: then only the digest is checked.
        size_bytes = release.data["size"] or None
        expected = ExpectedPackage(release.name, release.version, integrity, size_bytes)
        provenance = Provenance(url, str(client.registry), release.data["trust"] or None)
        downloader = self._build_downloader(client.open_package)
        return downloader.download(
            DownloadRequest(url, integrity.sri, label, size_bytes),
            lambda downloaded: self._install_archive(
                downloaded.path, expected, provenance, release.permissions
            ),
        )

    def install_url(self, opener: Opener, url: str, integrity: Digest | None) -> Outcome:
        """Install a package from a URL; `integrity` is the digest that the user expects.

        Without it the server's `Repr-Digest` is checked, which detects damage but no attack.
        """

        def install(downloaded: DownloadedPackage) -> Outcome:
            expected = ExpectedPackage(integrity=integrity or downloaded.repr_digest)
            return self._install_archive(downloaded.path, expected, Provenance(url))

        label = url.partition("?")[0].rpartition("/")[2] or url
        # By content if it is known, so that two URLs of one package share a partial download.
        key = integrity.sri if integrity is not None else url
        return self._build_downloader(opener).download(DownloadRequest(url, key, label), install)

    def install_path(self, path: Path, integrity: Digest | None) -> Outcome:
        """Install a folder or a package file. Raises `NoSuchSourceError`."""
        expected, provenance = ExpectedPackage(integrity=integrity), Provenance(str(path))
        if path.is_file():
            return self._install_archive(path, expected, provenance)
        if not path.is_dir():
            raise NoSuchSourceError(f"there is no file or folder {quote_text(str(path), 200)}")
        # Before the temporary file, which may be created inside the folder.
        files = list_source_files(path)
        self.cache.mkdir(parents=True, exist_ok=True, mode=0o700)
        # Packed first, so that a folder passes the same checks as a package from the registry.
        with tempfile.NamedTemporaryFile(dir=self.cache, prefix="pack-", suffix=".tgz") as file:
            pack_files(path, files, cast("BinaryIO", file))
            file.flush()
            return self._install_archive(Path(file.name), expected, provenance)

    def remove(self, name: PluginName, *, force: bool = False) -> InstalledPlugin:
        """Remove an installed plugin.

        Raises `NotInstalledError`, and `HasDependentsError` unless `force`.
        """
        # Before the lock, which would create folders in a project without plugins.
        if name not in self.list_installed():
            raise _build_not_installed_error(name)
        with self._lock_layout(name) as installed:
            plugin = installed.get(name)
            # Another run may have removed it since the check above.
            if plugin is None:
                raise _build_not_installed_error(name)
            dependents = list_dependents(installed, name)
            if dependents and not force:
                names = ", ".join(f"`{other}`" for other in dependents)
                raise HasDependentsError(
                    f"`{name}` is a dependency of {names}",
                    hint="Remove those plugins first, or use --force.",
                    context={"dependents": [str(other) for other in dependents]},
                )
            remove_installed(self.layout, name)
            return plugin

    def list_installed(self) -> InstalledPlugins:
        """The installed plugins. First completes or undoes the changes of killed runs."""
        if has_unfinished_change(self.layout):
            with self._lock_layout() as installed:
                return installed
        return load_installed(self.layout.installed_file)

    def recover_changes(self) -> dict[PluginName, Exception]:
        """Complete or undo the changes of killed runs; returns the errors of those that failed."""
        if not has_unfinished_change(self.layout):
            return {}
        with hold_lock(self.layout.lock_file, notify=self.notify):
            return recover(self.layout)

    def _build_downloader(self, opener: Opener) -> Downloader:
        return Downloader(opener, self.cache / "partial", self.progress, notify=self.notify)

    def _find_unchanged(self, release: Release, integrity: Digest) -> InstalledPlugin | None:
        plugin = self.list_installed().get(release.name)
        if plugin is None or plugin.integrity != integrity.sri:
            return None
        digest = digest_tree(self.layout.folder_of(release.name))
        return plugin if digest is not None and digest.sri == plugin.files_digest else None

    def _install_archive(
        self,
        archive: Path,
        expected: ExpectedPackage,
        provenance: Provenance,
        agreed: Permissions | None = None,
    ) -> Outcome:
        verified = verify_package(archive, expected)
        manifest, name = verified.manifest, verified.manifest.name
        before = self.list_installed()
        # Before the lock, which would create folders.
        self._check_folder(name, before)
        # Before the lock too: waiting for the user's confirmation must not block other runs.
        changes = find_permission_changes(
            before.get(name),
            manifest.version,
            manifest.permissions,
            agreed=agreed,
        )
        if changes is not None:
            self.confirm(changes)
        with self._lock_layout(name) as installed:
            self._check_folder(name, installed)
            self._unpack(verified)
            plugin = _build_record(verified, provenance)
            install_staged(self.layout, plugin)
        return Outcome(plugin, self.layout.folder_of(name), installed.get(name))

    def _check_folder(self, name: PluginName, installed: InstalledPlugins) -> None:
        """Check all that can refuse the plugin's folder, before anything is changed.

        Raises `FolderExistsError`, `UnsafeFolderError`.
        """
        self.layout.check_folders(name)
        folder = self.layout.folder_of(name)
        # There is no option to overwrite it: the folder may have files without a copy.
        if name not in installed and (folder.exists() or folder.is_symlink()):
            raise FolderExistsError(
                f"`{folder}` exists and was not installed by Plugport",
                hint="Move the folder, then run the same command again.",
            )
        found = find_wrong_type(folder)
        if found is not None and not (self.replaces_links and folder.is_symlink()):
            action = (
                f"Run `plugport remove {name}` to delete the link, or `plugport doctor --repair` to "
                "replace it. Both keep its target."
                if folder.is_symlink()
                else f"Move the {found}, then run the same command again."
            )
            raise UnsafeFolderError(
                f"`{folder}` is a {found}; expected the folder of `{name}`", hint=action
            )

    def _unpack(self, verified: VerifiedPackage) -> None:
        # Without `exist_ok`: `recover` has deleted it, and old files must not be installed.
        stage = self.layout.work_of(verified.manifest.name).stage
        stage.mkdir(parents=True)
        unpacked = load_package(verified.archive, tree=stage)
        # The file may be replaced between verification and unpacking (CWE-367).
        if unpacked.files != verified.package.files:
            raise IntegrityError(f"`{verified.archive}` changed while it was being installed")

    @contextmanager
    def _lock_layout(self, name: PluginName | None = None) -> Iterator[InstalledPlugins]:
        """Hold the lock of the layout, after completing or undoing the changes of killed runs.

        Raises the error of a change of `name` for which that failed. Those of other plugins are
        only warnings.
        """
        self.layout.create_folders()
        with hold_lock(self.layout.lock_file, notify=self.notify):
            failed = recover(self.layout)
            if name is not None and name in failed:
                raise failed[name]
            for other, error in failed.items():
                self.warn(
                    f"an unfinished change of `{other}` is not repaired: {error}; run "
                    "`plugport doctor --repair`"
                )
            try:
                yield load_installed(self.layout.installed_file)
            finally:
                # After an error too, to delete a tree that was unpacked but not installed.
                recover(self.layout)


def _build_not_installed_error(name: PluginName) -> NotInstalledError:
    return NotInstalledError(
        f"`{name}` is not installed", hint="Run `plugport list --installed` for a list."
    )


def _build_record(verified: VerifiedPackage, provenance: Provenance) -> InstalledPlugin:
    manifest = verified.manifest
    return InstalledPlugin(
        name=manifest.name,
        version=manifest.version,
        kind=manifest.kind,
        resolved=provenance.resolved,
        integrity=verified.digests.sha512.sri,
        files_digest=digest_entries(verified.package.files).sri,
        registry=provenance.registry,
        trust=provenance.trust,
        dependencies=dict(manifest.dependencies.plugins),
        permissions=manifest.permissions,
    )
