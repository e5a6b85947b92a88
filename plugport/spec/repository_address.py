"""Parse addresses of repositories and their files on known code hosts.

The only place that knows how these hosts form their URLs.
"""

from __future__ import annotations

import posixpath
import re
from urllib.parse import quote, unquote, urlsplit

from msgspec import Struct

_MAX_CHARS = 4_096
# Names under which a host also responds, for browsers and for SSH.
_ALIASES = {
    f"{prefix}.{host}": host
    for prefixes, host in (
        (("www", "ssh"), "github.com"),
        (("www", "altssh"), "gitlab.com"),
        (("www", "altssh"), "bitbucket.org"),
    )
    for prefix in prefixes
}
_PORTS = frozenset({None, 22, 80, 443, 9418})
_SEGMENT = re.compile(r"(?!\.{1,2}\Z)[\w.~+-]{1,255}\Z", re.ASCII)
_SAFE = "/@+~!$&'(),;=:"


class _Host(Struct, frozen=True):
    """How a code host forms URLs.

    A URL consists of the project, a view, a revision and a path. `file_views` show one file. The
    first of `folder_views`, `file_views` and `raw_views` is written, all are read.
    """

    folder_views: tuple[str, ...]
    file_views: tuple[str, ...]
    raw_views: tuple[str, ...]
    # Separates the project from the view. Without one, a project has two segments.
    separator: str = ""


_HOSTS = {
    "github.com": _Host(("tree", "commits", "commit"), ("blob", "blame", "edit"), ("raw",)),
    "gitlab.com": _Host(("tree", "commits", "commit"), ("blob", "blame", "edit"), ("raw",), "-"),
    "bitbucket.org": _Host(("src", "commits"), ("src", "annotate"), ("raw",)),
}


class RepositoryAddress(Struct, frozen=True):
    """A repository on a known host, and optionally a revision and a folder of it.

    `project` is the path of the repository, such as `acme/chat`, or `group/subgroup/project` on
    GitLab. `ref` is a branch, tag or commit, or "" for the default branch. A branch with a slash
    cannot be told from a folder: the part after the slash is then in `folder`, and URLs built from
    both are correct.
    """

    host: str
    project: str
    ref: str = ""
    folder: str = ""

    @property
    def url(self) -> str:
        """The page of the repository, or of the folder."""
        if not self.ref and not self.folder:
            return self._build_url("")
        return self._build_url(_HOSTS[self.host].folder_views[0], self.folder)

    def build_page_url(self, path: str) -> str:
        """The page of a file or folder by its path from the root of the repository."""
        return self._build_url(_HOSTS[self.host].file_views[0], path)

    def build_file_url(self, path: str) -> str:
        """The content of a file by its path from the root of the repository."""
        return self._build_url(_HOSTS[self.host].raw_views[0], path)

    def _build_url(self, view: str, path: str = "") -> str:
        url = f"https://{self.host}/{self.project}"
        if not view:
            return url
        separator = _HOSTS[self.host].separator
        parts = [url, *filter(None, [separator]), view, quote(self.ref or "HEAD", safe=_SAFE)]
        return f"{'/'.join(parts)}/{quote(path, safe=_SAFE)}"


def parse_repository_address(url: str) -> RepositoryAddress | None:
    """Parse the URL of a repository, or of a folder or file in it; None for an unknown host.

    `.git`, `www`, SSH, queries and fragments are accepted. The folder of a file is the one that
    contains it. A fragment names revision and folder of a clone URL: `….git#v1:plugins/x`.
    """
    parsed = _parse(url)
    if parsed is None:
        return None
    address, view, fragment = parsed
    host = _HOSTS[address.host]
    if view in host.folder_views:
        return address
    if view in (*host.file_views, *host.raw_views):
        return RepositoryAddress(
            address.host, address.project, address.ref, posixpath.dirname(address.folder)
        )
    ref, _, folder = fragment.partition(":")
    clean = _normalize_folder(folder)
    # npm writes a range of versions as `#semver:^1.0.0`.
    if clean is None or ref == "semver" or not _is_ref(ref):
        return RepositoryAddress(address.host, address.project)
    return RepositoryAddress(address.host, address.project, ref, clean)


def find_raw_url(url: str) -> str | None:
    """The URL of the content of a file, for the URL of its page; None for any other URL.

    Authors copy the address of the page from the browser, where an image cannot be loaded from.
    """
    parsed = _parse(url)
    if parsed is None:
        return None
    address, view, _ = parsed
    if view != _HOSTS[address.host].file_views[0] or not posixpath.basename(address.folder):
        return None
    return address.build_file_url(address.folder)


def _parse(url: str) -> tuple[RepositoryAddress, str, str] | None:
    """The address, the view, and the fragment of a clone URL. The folder can be a file."""
    if len(url) > _MAX_CHARS:
        return None
    try:
        parts = urlsplit(url.strip())
        hostname, port = parts.hostname or "", parts.port
    except ValueError:
        return None
    name = _ALIASES.get(hostname, hostname)
    host = _HOSTS.get(name)
    if host is None or port not in _PORTS:
        return None
    segments = [unquote(segment) for segment in parts.path.split("/") if segment]
    size = _count_project_segments(segments, host)
    project = segments[:size]
    project[-1:] = [last.removesuffix(".git") for last in project[-1:]]
    if len(project) < 2 or not all(map(_SEGMENT.match, project)):
        return None
    rest = segments[size:]
    if host.separator and rest[:1] == [host.separator]:
        rest = rest[1:]
    view, ref = (*rest, "", "")[:2]
    folder = _normalize_folder("/".join(rest[2:]))
    if folder is None or not _is_ref(ref):
        view, ref, folder = "", "", ""
    is_clone_url = parts.path.endswith(".git") or parts.scheme in ("ssh", "git")
    fragment = unquote(parts.fragment) if is_clone_url else ""
    return RepositoryAddress(name, "/".join(project), ref, folder), view, fragment


def _count_project_segments(segments: list[str], host: _Host) -> int:
    """The number of segments of the project at the start of a path."""
    if not host.separator:
        return 2
    if host.separator in segments:
        return segments.index(host.separator)
    # GitLab reserves these names, and older URLs have no separator.
    views = {*host.folder_views, *host.file_views, *host.raw_views}
    return next((n for n, segment in enumerate(segments) if n > 1 and segment in views), 99)


def _is_ref(text: str) -> bool:
    """Whether the text can be a branch, tag or commit, and not a path to another folder."""
    return 0 < len(text) <= 255 and all(
        part not in ("", ".", "..") and part.isprintable() for part in text.split("/")
    )


def _normalize_folder(path: str) -> str | None:
    """The path without empty parts; None if it leaves the repository."""
    normal = posixpath.normpath(path.strip("/") or ".")
    if normal == ".." or normal.startswith("../"):
        return None
    return "" if normal == "." else normal
