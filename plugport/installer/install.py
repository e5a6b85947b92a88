"""Installing and removing: fetch, verify, unpack, swap in, record.

Each step is finished before the next begins, and nothing a project uses changes before the last:

1. *fetch* into the cache, resuming what an earlier run left (`fetch`);
2. *verify* size, digest, archive, manifest, name and version (`verify`);
3. *unpack* into the site's stage, under the site's lock;
4. *swap in* with a note that lets the next run repair a kill (`swap`).
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
from plugport.installer.errors import (
    FolderInTheWayError,
    IntegrityError,
    NeededByOthersError,
    NoSuchSourceError,
    NotInstalledError,
)
from plugport.installer.fetch import Fetched, Fetcher, Opener, Wanted
from plugport.installer.files import digest_entries, digest_tree
from plugport.installer.gains import Agree, agree_to_nothing, find_gain
from plugport.installer.lock import hold_lock
from plugport.installer.site import Site
from plugport.installer.state import Installed, InstalledPlugin, find_dependents, read_installed
from plugport.installer.swap import recover, swap_in, take_out
from plugport.installer.verify import (
    Promise,
    VerifiedPackage,
    parse_promised_integrity,
    verify_package,
)
from plugport.spec.archive.packer import pack_tree
from plugport.spec.archive.reader import read_package
from plugport.spec.digest import Digest
from plugport.spec.manifest.model import Permissions
from plugport.spec.names import PluginName
from plugport.spec.text import show


def _tell_nobody(message: str) -> None:
    """Drop a message that nobody waits for."""


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a package came from, for the record."""

    resolved: str
    registry: str | None = None
    trust: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an installation did. `previous` was there before; it may be the same."""

    plugin: InstalledPlugin
    folder: Path
    previous: InstalledPlugin | None
    is_unchanged: bool = False


@dataclass(frozen=True, slots=True)
class Installer:
    """Installs into one site. `cache` is where partial downloads are kept between runs.

    `agree` is asked before a package replaces an installed one that may do less.
    """

    site: Site
    cache: Path
    progress: Progress = field(default_factory=NoProgress)
    tell: Callable[[str], None] = _tell_nobody
    agree: Agree = agree_to_nothing

    def install_release(self, client: RegistryClient, release: Release) -> Outcome:
        """Install a release of a registry; a no-op if it is there already, untouched.

        Whether it may be installed is asked before (`decide_install`). What it gains over the
        installed version is agreed to twice: by what the registry says, before anything is
        fetched, and by the package itself, if it asks for more than that. Raises
        `ConsentNeededError`, `IntegrityError`, and what fetching, archives and manifests raise.
        """
        label = f"{release.name}@{release.version}"
        integrity = parse_promised_integrity(release.integrity, label)
        # By content, not by version alone: a changed file is reason enough to install again.
        present = self._find_unchanged(release, integrity)
        if present is not None:
            folder = self.site.folder_of(release.name)
            return Outcome(present, folder, present, is_unchanged=True)
        installed = self.list_installed().get(release.name)
        gain = find_gain(installed, release.version, release.permissions)
        if gain is not None:
            self.agree(gain)
        url = client.package_url(release)
        promise = Promise(release.name, release.version, integrity, release.size_bytes)
        provenance = Provenance(url, str(client.registry), release.trust or None)
        fetcher = self._make_fetcher(client.open_package)
        return fetcher.fetch(
            Wanted(url, integrity.sri, label, release.size_bytes),
            lambda fetched: self._place(fetched.path, promise, provenance, release.permissions),
        )

    def install_url(self, opener: Opener, url: str, integrity: Digest | None) -> Outcome:
        """Install a package from anywhere; `integrity` is what the person says it must be.

        Without it the server's own `Repr-Digest` is checked, which finds damage, not malice.
        """

        def place(fetched: Fetched) -> Outcome:
            promise = Promise(integrity=integrity or fetched.repr_digest)
            return self._place(fetched.path, promise, Provenance(url))

        label = url.partition("?")[0].rpartition("/")[2] or url
        # By content where it is known, so that two addresses of one package share what arrived.
        key = integrity.sri if integrity is not None else url
        return self._make_fetcher(opener).fetch(Wanted(url, key, label), place)

    def install_path(self, path: Path, integrity: Digest | None) -> Outcome:
        """Install a folder or a package file of this machine. Raises `NoSuchSourceError`."""
        promise, provenance = Promise(integrity=integrity), Provenance(str(path))
        if path.is_file():
            return self._place(path, promise, provenance)
        if not path.is_dir():
            raise NoSuchSourceError(f"there is no file or folder {show(str(path), 200)}")
        self.cache.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.NamedTemporaryFile(dir=self.cache, prefix="pack-", suffix=".tgz") as file:
            pack_tree(path, cast("BinaryIO", file))
            file.flush()
            return self._place(Path(file.name), promise, provenance)

    def remove(self, name: PluginName, *, force: bool = False) -> InstalledPlugin:
        """Remove an installed plugin.

        Raises `NotInstalledError`, and `NeededByOthersError` unless `force`.
        """
        # Before the lock, which would make folders in a project that has none.
        if name not in self.list_installed():
            raise _make_not_installed(name)
        with _hold_site(self.site, self.tell) as installed:
            plugin = installed.get(name)
            if plugin is None:
                raise _make_not_installed(name)
            dependents = find_dependents(installed, name)
            if dependents and not force:
                needing = ", ".join(f"`{other}`" for other in dependents)
                raise NeededByOthersError(
                    f"`{name}` is needed by {needing}",
                    hint="Remove those first, or use --force.",
                    context={"dependents": [str(other) for other in dependents]},
                )
            take_out(self.site, name)
            return plugin

    def list_installed(self) -> Installed:
        """What is installed; an unfinished change of a killed run is settled first."""
        if self.site.pending_file.exists():
            with _hold_site(self.site, self.tell) as installed:
                return installed
        return read_installed(self.site.installed_file)

    def _make_fetcher(self, opener: Opener) -> Fetcher:
        return Fetcher(opener, self.cache / "partial", self.progress, tell_waiting=self.tell)

    def _find_unchanged(self, release: Release, integrity: Digest) -> InstalledPlugin | None:
        plugin = self.list_installed().get(release.name)
        if plugin is None or plugin.integrity != integrity.sri:
            return None
        digest = digest_tree(self.site.folder_of(release.name))
        return plugin if digest is not None and digest.sri == plugin.files_digest else None

    def _place(
        self,
        archive: Path,
        promise: Promise,
        provenance: Provenance,
        agreed: Permissions | None = None,
    ) -> Outcome:
        verified = verify_package(archive, promise)
        manifest, name = verified.manifest, verified.manifest.name
        # Before the lock: a person may take their time.
        gain = find_gain(
            self.list_installed().get(name),
            manifest.version,
            manifest.permissions,
            agreed=agreed,
        )
        if gain is not None:
            self.agree(gain)
        with _hold_site(self.site, self.tell) as installed:
            self._check_way(name, installed)
            self._unpack(verified)
            plugin = _make_record(verified, provenance)
            swap_in(self.site, plugin)
        return Outcome(plugin, self.site.folder_of(name), installed.get(name))

    def _check_way(self, name: PluginName, installed: Installed) -> None:
        folder = self.site.folder_of(name)
        # Never by force: whatever is in there, somebody put it there on purpose.
        if name not in installed and (folder.exists() or folder.is_symlink()):
            raise FolderInTheWayError(
                f"`{folder}` exists, and no installation of Plugport made it",
                hint="Move it away, then run the same command again.",
            )

    def _unpack(self, verified: VerifiedPackage) -> None:
        self.site.stage.mkdir()
        unpacked = read_package(verified.archive, tree=self.site.stage)
        # A package of the user's own may be written to between the two readings.
        if unpacked.files != verified.package.files:
            raise IntegrityError(f"`{verified.archive}` changed while it was being installed")


@contextmanager
def _hold_site(site: Site, tell: Callable[[str], None]) -> Iterator[Installed]:
    """The site's lock, with everything settled that an earlier run left behind."""
    site.make_folders()
    with hold_lock(site.lock_file, tell_waiting=tell):
        recover(site)
        try:
            yield read_installed(site.installed_file)
        finally:
            # Also after an error: a tree that was unpacked in vain is cleared away.
            recover(site)


def _make_not_installed(name: PluginName) -> NotInstalledError:
    return NotInstalledError(
        f"`{name}` is not installed here", hint="`plugport list --installed` shows what is."
    )


def _make_record(verified: VerifiedPackage, provenance: Provenance) -> InstalledPlugin:
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
