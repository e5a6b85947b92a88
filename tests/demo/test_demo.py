"""The demo catalog: every release is packed, read and checked, and together they make sense."""

from __future__ import annotations

import shutil
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from demo.releases import PLUGINS, DemoRelease, assemble_release, load_catalog
from plugport.checks.base import Severity, Subject
from plugport.checks.registry import run_checks
from plugport.checks.subject import load_subject
from plugport.spec.archive.packer import pack_tree
from plugport.spec.manifest.formats.registry import MANIFEST_FORMATS
from plugport.spec.manifest.kinds import KINDS
from plugport.spec.names import PluginName
from plugport.spec.ranges import Range, max_satisfying
from plugport.spec.versions import Version

CATALOG = load_catalog()
RELEASES = CATALOG.releases
OFFICIAL = {
    "@ar/slack-bridge",
    "@ar/discord-bridge",
    "@ar/postgres-storage",
    "@ar/webhook-bridge",
    "@ar/audit-logger",
}


def label(release: DemoRelease) -> str:
    return f"{release.name}@{release.version}"


@pytest.fixture(scope="module")
def subjects(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Subject]:
    """Every release, packed and read, by its label."""
    root = tmp_path_factory.mktemp("demo")
    subjects = {}
    for number, release in enumerate(RELEASES):
        folder = root / str(number)
        plugin = assemble_release(release, folder / "plugin")
        with (folder / "package.tar.gz").open("wb") as out:
            pack_tree(plugin, out)
        subjects[label(release)] = load_subject(folder / "package.tar.gz", folder / "scratch")
    return subjects


@pytest.mark.parametrize("release", RELEASES, ids=label)
def test_a_release_matches_the_catalog_and_passes(
    subjects: dict[str, Subject], release: DemoRelease
) -> None:
    subject = subjects[label(release)]
    assert label(release) == f"{subject.manifest.name}@{subject.manifest.version}"
    findings = [finding for results in run_checks(subject).values() for finding in results]
    assert [f for f in findings if f.severity is not Severity.NOTE] == []


@pytest.mark.parametrize("release", RELEASES, ids=label)
def test_a_release_is_small_and_has_a_changelog(
    subjects: dict[str, Subject], release: DemoRelease
) -> None:
    package = subjects[label(release)].package
    assert 4 <= len(package.files) <= 12
    assert package.unpacked_bytes < 30_000
    assert f"## {release.version}\n" in package.texts["CHANGELOG.md"].decode()
    assert release.changelog


def test_there_is_enough_of_everything(subjects: dict[str, Subject]) -> None:
    manifests = [subject.manifest for subject in subjects.values()]
    plugins = Counter(release.name for release in RELEASES)
    assert len(plugins) >= 24
    assert {manifest.kind for manifest in manifests} == set(KINDS)
    assert {manifest.dialect for manifest in manifests} == set(MANIFEST_FORMATS)
    assert sum(count >= 2 for count in plugins.values()) >= 5
    assert max(plugins.values()) >= 3
    assert {release.name for release in RELEASES if release.name.startswith("@ar/")} == OFFICIAL
    assert any(release.featured for release in RELEASES)
    assert "beta" in {release.tag for release in RELEASES}


def test_prereleases_never_become_latest() -> None:
    for release in RELEASES:
        assert Version.parse(release.version).is_prerelease == (release.tag is not None)


def test_dependencies_are_published_before_those_that_need_them(
    subjects: dict[str, Subject],
) -> None:
    yanked = {(a.name, a.version) for a in CATALOG.actions if a.action == "yank"}
    published: dict[str, list[Version]] = {}
    needed = 0
    for release in RELEASES:
        for name, version_range in subjects[label(release)].manifest.dependencies.plugins.items():
            needed += 1
            assert max_satisfying(published.get(name, []), Range.parse(version_range)), (name, version_range)
        if (release.name, release.version) not in yanked:
            published.setdefault(release.name, []).append(Version.parse(release.version))
    assert needed >= 4


def test_scopes_owners_and_categories_are_declared(subjects: dict[str, Subject]) -> None:
    scopes = {scope.name: scope for scope in CATALOG.scopes}
    assert scopes["@ar"].official
    for release in RELEASES:
        scope = PluginName.parse(release.name).scope
        assert release.owner in {"admin", "author", "moderator"}
        if scope:
            assert scopes[f"@{scope}"].owner == release.owner
        # Some formats have no place for categories; what is written must be known.
        assert set(subjects[label(release)].manifest.categories) <= set(CATALOG.categories)


def test_one_release_is_deprecated_and_one_is_yanked() -> None:
    assert sorted(each.action for each in CATALOG.actions) == ["deprecate", "yank"]
    known = {(release.name, release.version) for release in RELEASES}
    names = {release.name for release in RELEASES}
    for action in CATALOG.actions:
        assert (action.name, action.version) in known
        assert action.text
        assert action.replacement in {None, *names}


def test_every_folder_is_a_release_of_the_catalog() -> None:
    folders = {path for path in PLUGINS.glob("*/*") if path.name != "base"}
    assert folders == {release.folder for release in RELEASES}


WITH_TESTS = [
    release
    for release in RELEASES
    if (release.folder / "test").is_dir() or (release.folder.parent / "base" / "test").is_dir()
]


def test_the_official_plugins_bring_tests() -> None:
    assert {release.name for release in WITH_TESTS} >= OFFICIAL


@pytest.mark.processes
@pytest.mark.parametrize("release", WITH_TESTS, ids=label)
def test_the_plugins_own_tests_pass(release: DemoRelease, tmp_path: Path) -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("Node is not installed")
    folder = assemble_release(release, tmp_path / "plugin")
    run = subprocess.run(
        [node, "--test", "test/"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert run.returncode == 0, run.stdout[-2000:]
    assert "# pass 0" not in run.stdout
