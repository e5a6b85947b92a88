"""Where a catalogue says that a plugin lives."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass
from typing import TypeAlias

from plugport.spec.manifest.document import describe
from plugport.spec.manifest.fields import Spot, read_line, read_path
from plugport.spec.manifest.links import REPOSITORY_SCHEMES, normalise_repository_url, read_url
from plugport.spec.text import show

_REPOSITORY = re.compile(r"[A-Za-z0-9][\w.-]{0,99}/[\w.-]{1,100}\Z", re.ASCII)
_SHA = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?\Z")
# What git allows in names, without those that it would take for options.
_REF = re.compile(r"(?!-)[^\s~^:?*\[\\]{1,250}\Z")
_PACKAGE = re.compile(r"(?:@[a-z0-9~._-]{1,100}/)?[a-z0-9~._-]{1,214}\Z", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class RelativeSource:
    """A folder beside the catalogue, relative to the repository's root; "" is the root itself."""

    path: str


@dataclass(frozen=True, slots=True)
class GithubSource:
    """A GitHub repository, `owner/name`; `sha` pins a commit, `ref` names a branch or tag."""

    repo: str
    path: str = ""
    ref: str | None = None
    sha: str | None = None


@dataclass(frozen=True, slots=True)
class UrlSource:
    """A git repository by URL."""

    url: str
    path: str = ""
    ref: str | None = None
    sha: str | None = None


@dataclass(frozen=True, slots=True)
class GitSubdirSource:
    """One folder of a git repository."""

    url: str
    path: str
    ref: str | None = None
    sha: str | None = None


@dataclass(frozen=True, slots=True)
class NpmSource:
    """An npm package; `version` is a version, range or tag, `registry` another registry's URL."""

    package: str
    version: str | None = None
    registry: str | None = None


Source: TypeAlias = RelativeSource | GithubSource | UrlSource | GitSubdirSource | NpmSource
SORTS = ("github", "url", "git-subdir", "npm")


def read_source(spot: Spot, plugin_root: str) -> Source | None:
    """Read a source; relative paths start at `plugin_root`."""
    if isinstance(spot.value, str):
        path = read_path(spot)
        return None if path is None else RelativeSource(join_folders(plugin_root, path))
    if not isinstance(spot.value, dict):
        spot.fail(f"must be a path or an object, found {describe(spot.value)}", "wrong-type")
        return None
    sort = spot.value.get("source")
    if sort not in SORTS:
        allowed = ", ".join(SORTS)
        member = spot.child("source", sort)
        member.fail(
            f"{describe(sort)} is not one of {allowed}", "not-allowed-value", allowed=allowed
        )
        return None
    # Counted, not collected: the list of faults may be full.
    before = spot.faults.failures
    source = _read_npm(spot) if sort == "npm" else _read_git(spot, str(sort))
    return source if spot.faults.failures == before else None


def join_folders(root: str, path: str) -> str:
    """Join two relative paths; "" is the root."""
    joined = posixpath.normpath(posixpath.join(root or ".", path or "."))
    return "" if joined == "." else joined


def _read_npm(spot: Spot) -> Source:
    package = _read_matching(spot, "package", _PACKAGE, "an npm package") or ""
    registry = _get(spot, "registry")
    url = read_url(registry) if registry.value is not None else None
    return NpmSource(package, _read_optional(spot, "version"), url)


def _read_git(spot: Spot, sort: str) -> Source:
    path = _get(spot, "path")
    folder = join_folders("", read_path(path) or "") if path.value is not None else ""
    ref = _read_matching(spot, "ref", _REF, "a branch or tag", is_required=False)
    sha = _read_matching(spot, "sha", _SHA, "a commit's hash", is_required=False)
    if sort == "github":
        repo = _read_matching(spot, "repo", _REPOSITORY, "`owner/name` on GitHub") or ""
        return GithubSource(repo, folder, ref, sha)
    url = _read_git_url(_get(spot, "url"))
    if sort == "git-subdir":
        if not folder:
            path.fail("is required: the plugin's folder", "missing-field")
        return GitSubdirSource(url, folder, ref, sha)
    return UrlSource(url, folder, ref, sha)


def _read_git_url(spot: Spot) -> str:
    if not isinstance(spot.value, str) or not spot.value:
        spot.fail("is required: the repository's URL", "missing-field")
        return ""
    url = Spot(normalise_repository_url(spot.value.strip()), spot.path, spot.faults)
    return read_url(url, REPOSITORY_SCHEMES) or ""


def _get(spot: Spot, key: str) -> Spot:
    assert isinstance(spot.value, dict)
    return spot.child(key, spot.value.get(key))


def _read_optional(spot: Spot, key: str) -> str | None:
    member = _get(spot, key)
    return None if member.value is None else read_line(member)


def _read_matching(
    spot: Spot, key: str, pattern: re.Pattern[str], wanted: str, *, is_required: bool = True
) -> str | None:
    member = _get(spot, key)
    if member.value is None:
        if is_required:
            member.fail(f"is required: {wanted}", "missing-field")
        return None
    text = read_line(member)
    if text is not None and not pattern.match(text):
        member.fail(f"{show(text)} is not {wanted}", "not-allowed-value", allowed=wanted)
        return None
    return text
