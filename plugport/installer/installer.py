"""Install and remove plugins.

Each step is complete for all packages before the next begins, and no file of the project changes before the last:

0. *plan*: choose the plugins that the plugin needs (`dependency_plan`);
1. *download* into the cache, resuming an interrupted download (`downloader`);
2. *verify* size, digest, archive, manifest, name and version (`verify`);
3. *unpack* into the stage of the layout, holding its lock;
4. *replace* the installed tree so that the next run can repair a kill (`transaction`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from msgspec import Struct, field
from msgspec.structs import replace

from plugport.client.client import RegistryClient
from plugport.client.models import Release
from plugport.client.progress import NoProgress, Progress
from plugport.environment.home import find_write_failure
from plugport.installer.dependency_plan import (
    DependencyPlan,
    PlanDependencies,
    RequestedPlugin,
    plan_nothing,
)
from plugport.installer.downloader import DownloadedPackage, Downloader, DownloadRequest, Opener
from plugport.installer.engines import join_engines
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
    list_orphans,
    load_installed,
    write_installed,
)
from plugport.installer.layout import InstallLayout, find_wrong_type
from plugport.installer.outcome import InstalledReleases, Outcome
from plugport.installer.permission_changes import (
    ConfirmChanges,
    find_permission_changes,
    refuse_changes,
)
from plugport.installer.publisher_changes import (
    ConfirmPublisher,
    check_publisher,
    choose_publisher,
    refuse_publisher,
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
from plugport.spec.archive.reader import load_package
from plugport.spec.digest import Digest
from plugport.spec.manifest.model import Dependencies, Permissions
from plugport.spec.names import PluginName
from plugport.spec.text import quote_text


def _ignore_message(message: str) -> None:
    """Discard a message."""


CheckEngines = Callable[[str, Mapping[str, str]], None]


def _ignore_engines(_label: str, _engines: Mapping[str, str]) -> None:
    """Accept any engines."""


class Provenance(Struct, frozen=True):
    """The origin of a package, for the record."""

    resolved: str
    registry: str | None = None
    trust: str | None = None
    publisher: str | None = None


class _ReadyPackage(Struct, frozen=True):
    """A verified package on disk, and what its record needs besides."""

    verified: VerifiedPackage
    provenance: Provenance
    plan: DependencyPlan
    is_requested: bool = True


class Installer(Struct, frozen=True):
    """Installs into one layout.

    `cache` is the folder of partial downloads, which other runs share. Without it, or if it cannot
    be written, downloads go to a temporary folder and cannot be resumed. `notify` receives messages
    for the user, and `warn` those that need action. `confirm` is called before a package replaces
    one with fewer permissions. With `replaces_links`, a symbolic link in place of a plugin's folder
    is replaced; its target stays. `plan` chooses the plugins that a plugin needs; the default installs
    none. With `keeps_requests`, a plugin that others need does not become a requested one.
    `check_engines` is called with `name@version` and the engines of each verified package; it raises
    if they do not fit. `confirm_publisher` is called before a release replaces one of another publisher.
    """

    layout: InstallLayout
    cache: Path | None
    progress: Progress = field(default_factory=NoProgress)
    notify: Callable[[str], None] = _ignore_message
    confirm: ConfirmChanges = refuse_changes
    warn: Callable[[str], None] = _ignore_message
    replaces_links: bool = False
    plan: PlanDependencies = plan_nothing
    keeps_requests: bool = False
    check_engines: CheckEngines = _ignore_engines
    confirm_publisher: ConfirmPublisher = refuse_publisher

    def install_release(self, client: RegistryClient, release: Release) -> Outcome:
        """Install a release of a registry with what it needs, as `install_releases` does."""
        installed = self.install_releases(client, [release])
        return replace(installed.requested[0], dependencies=installed.dependencies)

    def install_releases(
        self, client: RegistryClient, requested: Sequence[Release]
    ) -> InstalledReleases:
        """Install releases of different plugins with what they need, if they are not installed.

        The caller decides first whether they may be installed (`decide_install`). Gained permissions
        are confirmed twice: those that the registry lists, before the download, and any others
        that are in the package's manifest. Nothing is changed before all packages are verified.
        Raises `ConsentRequiredError`, `IntegrityError`, `ArchiveError`, `ManifestError`, and the
        errors of the download and of `plan`.
        """
        # Before the download, and again with the lock: the project may change meanwhile.
        for release in requested:
            self._check_folder(release.name, self.list_installed())
        declared = {each.name: Dependencies(**each.data["dependencies"]) for each in requested}
        # By content, not only by version: installing again repairs changed files.
        unchanged = {
            each.name: plugin for each in requested if (plugin := self._find_unchanged(each))
        }
        plan = self.plan(
            [RequestedPlugin(each.name, each.version, declared[each.name]) for each in requested]
        )
        releases = [*plan.releases, *(each for each in requested if each.name not in unchanged)]
        self._check_releases(releases)
        with ExitStack() as packages:
            outcomes = self._install_all(
                [self._fetch(client, each, plan, packages) for each in releases]
            )
        by_name = {outcome.plugin.name: outcome for outcome in outcomes}
        for name, plugin in unchanged.items():
            folder = self.layout.folder_of(name)
            by_name[name] = Outcome(self._mark_requested(plugin), folder, plugin, is_unchanged=True)
        return InstalledReleases(
            tuple(
                replace(by_name[each.name], plan=plan, declared=declared[each.name])
                for each in requested
            ),
            tuple(outcomes[: len(plan.releases)]),
        )

    def install_url(self, opener: Opener, url: str, integrity: Digest | None) -> Outcome:
        """Install a package from a URL; `integrity` is the digest that the user expects.

        Without it the server's `Repr-Digest` is checked, which detects damage but no attack.
        """
        label = url.partition("?")[0].rpartition("/")[2] or url
        # By content if it is known, so that two URLs of one package share a partial download.
        key = integrity.sri if integrity is not None else url
        request = DownloadRequest(url, key, label)
        with self._open_download(opener, request) as downloaded:
            expected = ExpectedPackage(integrity=integrity or downloaded.repr_digest)
            return self._install_archive(downloaded.path, expected, Provenance(url))

    def install_path(self, path: Path, integrity: Digest | None) -> Outcome:
        """Install a folder or a package file. Raises `NoSuchSourceError`."""
        # Imported here: packages of a registry are already packed.
        import tempfile

        from plugport.spec.archive.packer import list_source_files, pack_files

        expected, provenance = ExpectedPackage(integrity=integrity), Provenance(str(path))
        if path.is_file():
            return self._install_archive(path, expected, provenance)
        if not path.is_dir():
            raise NoSuchSourceError(f"there is no file or folder {quote_text(str(path), 200)}")
        # Before the temporary file, which may be created inside the folder.
        files = list_source_files(path)
        # Packed first, so that a folder passes the same checks as a package from the registry.
        with tempfile.NamedTemporaryFile(prefix="plugport-", suffix=".tgz") as file:
            pack_files(path, files, cast("BinaryIO", file))
            file.flush()
            return self._install_archive(Path(file.name), expected, provenance)

    def remove(self, name: PluginName, *, force: bool = False) -> list[InstalledPlugin]:
        """Remove an installed plugin, and the plugins that were installed only because it needs them.

        Returns the removed plugins, `name` first. Raises `NotInstalledError`, and
        `HasDependentsError` unless `force`.
        """
        # Before the lock, which would create folders in a project without plugins.
        if name not in self.list_installed():
            raise _build_not_installed_error(name)
        with self._lock_layout(name) as installed:
            # Another run may have removed it since the check above.
            if name not in installed:
                raise _build_not_installed_error(name)
            orphans = list_orphans(installed, name)
            # An orphan that needs the plugin too, in a cycle, is removed with it.
            dependents = [
                other for other in list_dependents(installed, name) if other not in orphans
            ]
            if dependents and not force:
                names = ", ".join(f"`{other}`" for other in dependents)
                raise HasDependentsError(
                    f"`{name}` is a dependency of {names}",
                    hint="Remove those plugins first, or use --force.",
                    context={"dependents": [str(other) for other in dependents]},
                )
            for each in (name, *orphans):
                remove_installed(self.layout, each)
            return [installed[each] for each in (name, *orphans)]

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

    @contextmanager
    def _open_cache(self) -> Iterator[Path]:
        """The folder of partial downloads, or a temporary one if it cannot be written."""
        partial = self.cache / "partial" if self.cache is not None else None
        reason = find_write_failure(partial) if partial is not None else ""
        if partial is not None and reason is None:
            yield partial
            return
        if reason:
            self.warn(
                f"`{partial}` cannot be written: {reason}; this download cannot be resumed. Set "
                "PLUGPORT_HOME to a folder that you can write"
            )
        import tempfile

        with tempfile.TemporaryDirectory(prefix="plugport-") as folder:
            yield Path(folder)

    @contextmanager
    def _open_download(
        self, opener: Opener, request: DownloadRequest
    ) -> Iterator[DownloadedPackage]:
        with self._open_cache() as cache:
            downloader = Downloader(opener, cache, self.progress, notify=self.notify)
            with downloader.open_package(request) as downloaded:
                yield downloaded

    def _find_unchanged(self, release: Release) -> InstalledPlugin | None:
        plugin = self.list_installed().get(release.name)
        integrity = parse_integrity(release.data["integrity"], _format_label(release))
        if plugin is None or plugin.integrity != integrity.sri:
            return None
        digest = digest_tree(self.layout.folder_of(release.name))
        return plugin if digest is not None and digest.sri == plugin.files_digest else None

    def _mark_requested(self, plugin: InstalledPlugin) -> InstalledPlugin:
        """Record that an installed plugin is requested, so that it is never removed as an orphan."""
        if plugin.is_requested or self.keeps_requests:
            return plugin
        with self._lock_layout(plugin.name) as installed:
            # Another run may have removed or replaced it since it was compared.
            requested = replace(installed.get(plugin.name, plugin), is_requested=True)
            if plugin.name in installed:
                write_installed(self.layout.installed_file, {**installed, plugin.name: requested})
            return requested

    def _check_releases(self, releases: Sequence[Release]) -> None:
        """Check all that can refuse releases before their download, consent included."""
        installed = self.list_installed()
        names_by_integrity: dict[str, PluginName] = {}
        for release in releases:
            self._check_folder(release.name, installed)
            label = _format_label(release)
            integrity = parse_integrity(release.data["integrity"], label)
            other = names_by_integrity.setdefault(integrity.sri, release.name)
            if other != release.name:
                raise IntegrityError(
                    f"the registry names one package for `{other}` and `{release.name}`",
                    hint="Nothing was installed. Report this to the operator of the registry.",
                )
            previous = installed.get(release.name)
            check_publisher(previous, release, confirm=self.confirm_publisher, warn=self.warn)
            changes = find_permission_changes(previous, release.version, release.permissions)
            if changes is not None:
                self.confirm(changes)

    def _fetch(
        self, client: RegistryClient, release: Release, plan: DependencyPlan, packages: ExitStack
    ) -> _ReadyPackage:
        """Download and verify a release. Its package exists until `packages` is closed."""
        label = _format_label(release)
        integrity = parse_integrity(release.data["integrity"], label)
        url = client.package_url(release)
        # 0 if the registry does not send it: then only the digest is checked.
        size_bytes = release.data["size"] or None
        request = DownloadRequest(url, integrity.sri, label, size_bytes)
        downloaded = packages.enter_context(self._open_download(client.open_package, request))
        verified = self._verify(
            downloaded.path,
            ExpectedPackage(
                release.name,
                release.version,
                integrity,
                size_bytes,
                release.data["dependencies"]["plugins"],
            ),
            release.permissions,
        )
        publisher = choose_publisher(self.list_installed().get(release.name), release)
        trust = release.data["trust"] or None
        provenance = Provenance(url, str(client.registry), trust, publisher)
        is_needed = release.name in plan.needed_by
        return _ReadyPackage(verified, provenance, plan, is_requested=not is_needed)

    def _install_archive(
        self, archive: Path, expected: ExpectedPackage, provenance: Provenance
    ) -> Outcome:
        verified = self._verify(archive, expected)
        manifest = verified.manifest
        declared = manifest.dependencies
        plan = self.plan([RequestedPlugin(manifest.name, manifest.version, declared)])
        self._check_releases(plan.releases)
        with ExitStack() as packages:
            ready = []
            if plan.client is not None:
                client = plan.client
                ready = [self._fetch(client, each, plan, packages) for each in plan.releases]
            *dependencies, outcome = self._install_all(
                [*ready, _ReadyPackage(verified, provenance, plan)]
            )
        return replace(outcome, dependencies=tuple(dependencies), plan=plan, declared=declared)

    def _verify(
        self, archive: Path, expected: ExpectedPackage, agreed: Permissions | None = None
    ) -> VerifiedPackage:
        verified = verify_package(archive, expected)
        manifest, name = verified.manifest, verified.manifest.name
        engines = join_engines(manifest.engine, manifest.framework)
        self.check_engines(f"{name}@{manifest.version}", engines)
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
        return verified

    def _install_all(self, packages: Sequence[_ReadyPackage]) -> list[Outcome]:
        return [self._install_verified(package) for package in packages]

    def _install_verified(self, package: _ReadyPackage) -> Outcome:
        name = package.verified.manifest.name
        with self._lock_layout(name) as installed:
            self._check_folder(name, installed)
            self._unpack(package.verified)
            previous = installed.get(name)
            is_requested = package.is_requested
            if previous is not None and (self.keeps_requests or not is_requested):
                is_requested = previous.is_requested
            plugin = _build_record(package, is_requested=is_requested)
            install_staged(self.layout, plugin)
        return Outcome(plugin, self.layout.folder_of(name), previous)

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


def _build_record(package: _ReadyPackage, *, is_requested: bool) -> InstalledPlugin:
    manifest, provenance = package.verified.manifest, package.provenance
    names = package.plan.present_names
    return InstalledPlugin(
        name=manifest.name,
        version=manifest.version,
        kind=manifest.kind,
        resolved=provenance.resolved,
        integrity=package.verified.digests.sha512.sri,
        files_digest=digest_entries(package.verified.package.files).sri,
        registry=provenance.registry,
        trust=provenance.trust,
        publisher=provenance.publisher,
        # Under present names, so that a plugin that was renamed is found when it is removed.
        dependencies={
            names.get(name, name): text for name, text in manifest.dependencies.plugins.items()
        },
        permissions=manifest.permissions,
        is_requested=is_requested,
    )


def _format_label(release: Release) -> str:
    return f"{release.name}@{release.version}"
