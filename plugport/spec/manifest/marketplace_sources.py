"""Sources of plugins in a marketplace: folders, git repositories and npm packages."""

from __future__ import annotations

import posixpath
import re
from typing import TypeAlias

from msgspec import Struct

from plugport.spec.manifest.document import describe_value
from plugport.spec.manifest.fields import Cursor, parse_line, parse_path
from plugport.spec.manifest.links import REPOSITORY_SCHEMES, normalize_repository_url, parse_url
from plugport.spec.text import quote_text

_REPOSITORY = re.compile(r"[A-Za-z0-9][\w.-]{0,99}/[\w.-]{1,100}\Z", re.ASCII)
# A SHA-1 or SHA-256 object name. Abbreviations are ambiguous and do not pin a commit.
_SHA = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?\Z")
# Names of refs that git allows. A leading dash would make git read the name as an option (CWE-88).
_REF = re.compile(r"(?!-)[^\s~^:?*\[\\]{1,250}\Z")
_PACKAGE = re.compile(r"(?:@[a-z0-9~._-]{1,100}/)?[a-z0-9~._-]{1,214}\Z", re.IGNORECASE)


class RelativeSource(Struct, frozen=True):
    """A folder of the marketplace's repository, relative to its root; "" is the root.

    With a plugin root, a path that starts with `./` can mean two folders: `path`, and `other_path`
    if there is no folder at `path`. Real marketplaces repeat the plugin root in such paths.
    """

    path: str
    other_path: str | None = None

    @property
    def address(self) -> str:
        """The folder as people write it: `./plugins/x`."""
        return f"./{self.path}"


class GithubSource(Struct, frozen=True):
    """A GitHub repository, `owner/name`; `sha` pins a commit, `ref` names a branch or tag."""

    repo: str
    path: str = ""
    ref: str | None = None
    sha: str | None = None

    @property
    def address(self) -> str:
        """The URL, with revision and folder: `https://github.com/acme/x#v1:plugins/x`."""
        return _format_git_address(f"https://github.com/{self.repo}", self)


class UrlSource(Struct, frozen=True):
    """A git repository. `sha` pins a commit, `ref` names a branch or tag."""

    url: str
    path: str = ""
    ref: str | None = None
    sha: str | None = None

    @property
    def address(self) -> str:
        """The URL, with revision and folder: `https://git.example/x.git#v1:plugins/x`."""
        return _format_git_address(self.url, self)


class GitSubdirSource(Struct, frozen=True):
    """One folder of a git repository."""

    url: str
    path: str
    ref: str | None = None
    sha: str | None = None

    @property
    def address(self) -> str:
        """The URL, with revision and folder: `https://git.example/x.git#v1:plugins/x`."""
        return _format_git_address(self.url, self)


class NpmSource(Struct, frozen=True):
    """An npm package; `version` is a version, range or tag, `registry` another registry's URL."""

    package: str
    version: str | None = None
    registry: str | None = None

    @property
    def address(self) -> str:
        """The package as npm writes it, `npm:@acme/x@^1`, and the registry if it is another one."""
        version = f"@{self.version}" if self.version else ""
        registry = f" at {self.registry}" if self.registry else ""
        return f"npm:{self.package}{version}{registry}"


Source: TypeAlias = RelativeSource | GithubSource | UrlSource | GitSubdirSource | NpmSource
SOURCE_TYPES = ("github", "url", "git-subdir", "npm")


def parse_source(cursor: Cursor, plugin_root: str) -> Source | None:
    """Parse a source. Relative paths start at `plugin_root`, or at the root if they start with `./`."""
    if isinstance(cursor.value, str):
        path = parse_path(cursor)
        return None if path is None else _build_relative_source(path, plugin_root)
    if not isinstance(cursor.value, dict):
        cursor.fail(
            f"must be a path or an object, found {describe_value(cursor.value)}", "wrong-type"
        )
        return None
    source_type = cursor.value.get("source")
    if source_type not in SOURCE_TYPES:
        allowed = ", ".join(SOURCE_TYPES)
        member = cursor.child("source", source_type)
        member.fail(
            f"{describe_value(source_type)} is not one of {allowed}",
            "not-allowed-value",
            allowed=allowed,
        )
        return None
    # The counter is compared, because the list of problems has a limit.
    failures_before = cursor.problems.failures
    source = _parse_npm(cursor) if source_type == "npm" else _parse_git(cursor, str(source_type))
    return source if cursor.problems.failures == failures_before else None


def _build_relative_source(path: str, plugin_root: str) -> RelativeSource:
    below_root, below_plugin_root = join_folders("", path), join_folders(plugin_root, path)
    if path != "." and not path.startswith("./"):
        return RelativeSource(below_plugin_root)
    return RelativeSource(
        below_root, None if below_plugin_root == below_root else below_plugin_root
    )


def _format_git_address(url: str, source: GithubSource | UrlSource | GitSubdirSource) -> str:
    """The form of remote build contexts of container tools: `URL#REVISION:FOLDER`."""
    revision = source.sha or source.ref or ""
    folder = f":{source.path}" if source.path else ""
    return f"{url}#{revision}{folder}" if revision or folder else url


def join_folders(root: str, path: str) -> str:
    """Return the joined, normalized path of two relative paths; "" is the root."""
    joined = posixpath.normpath(posixpath.join(root or ".", path or "."))
    return "" if joined == "." else joined


def _parse_npm(cursor: Cursor) -> Source:
    package = _parse_matching(cursor, "package", _PACKAGE, "an npm package") or ""
    registry = _get_member(cursor, "registry")
    url = parse_url(registry) if registry.value is not None else None
    return NpmSource(package, _parse_optional(cursor, "version"), url)


def _parse_git(cursor: Cursor, source_type: str) -> Source:
    path = _get_member(cursor, "path")
    folder = join_folders("", parse_path(path) or "") if path.value is not None else ""
    ref = _parse_matching(cursor, "ref", _REF, "a branch or tag", is_required=False)
    sha = _parse_matching(cursor, "sha", _SHA, "the hash of a commit", is_required=False)
    if source_type == "github":
        repo = _parse_matching(cursor, "repo", _REPOSITORY, "`owner/name` on GitHub") or ""
        return GithubSource(repo, folder, ref, sha)
    url = _parse_git_url(_get_member(cursor, "url"))
    if source_type == "git-subdir":
        if not folder:
            path.fail("is required: the plugin's folder", "missing-field")
        return GitSubdirSource(url, folder, ref, sha)
    return UrlSource(url, folder, ref, sha)


def _parse_git_url(cursor: Cursor) -> str:
    if not isinstance(cursor.value, str) or not cursor.value:
        cursor.fail("is required: the repository's URL", "missing-field")
        return ""
    url = Cursor(normalize_repository_url(cursor.value.strip()), cursor.path, cursor.problems)
    return parse_url(url, REPOSITORY_SCHEMES) or ""


def _get_member(cursor: Cursor, key: str) -> Cursor:
    assert isinstance(cursor.value, dict)
    return cursor.child(key, cursor.value.get(key))


def _parse_optional(cursor: Cursor, key: str) -> str | None:
    member = _get_member(cursor, key)
    return None if member.value is None else parse_line(member)


def _parse_matching(
    cursor: Cursor, key: str, pattern: re.Pattern[str], expected: str, *, is_required: bool = True
) -> str | None:
    member = _get_member(cursor, key)
    if member.value is None:
        if is_required:
            member.fail(f"is required: {expected}", "missing-field")
        return None
    text = parse_line(member)
    if text is not None and not pattern.match(text):
        member.fail(f"{quote_text(text)} is not {expected}", "not-allowed-value", allowed=expected)
        return None
    return text
