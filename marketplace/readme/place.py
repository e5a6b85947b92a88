"""Where a README stands: among the files of its release, and in a repository."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import quote, unquote

from django.urls import reverse

from marketplace.readme.links import ID_PREFIX, SourceTree, make_slug

# As far as names tell; what is served is looked at (`marketplace.images.sniff`).
_PICTURES = (".png", ".jpg", ".jpeg", ".gif", ".webp", ".avif", ".svg")
MAX_PICTURE_BYTES = 10 << 20
_PARTS = re.compile(r"([^?#]*)(\?[^#]*)?(#.*)?", re.DOTALL)


@dataclass(frozen=True)
class ReleaseFiles:
    """The files of a release: which of them is the README, which can be shown as pictures."""

    name: str
    version: str
    readme: str
    paths: frozenset[str]
    pictures: frozenset[str]

    @cached_property
    def folders(self) -> frozenset[str]:
        """Every folder that a file lies in: found when the first link is looked up."""
        folders: set[str] = set()
        for path in self.paths:
            folder = posixpath.dirname(path)
            while folder and folder not in folders:
                folders.add(folder)
                folder = posixpath.dirname(folder)
        return frozenset(folders)

    def find_page(self, url: str) -> str | None:
        """Where the portal shows the file or folder; None if the release does not have it."""
        bare, _, mark = _split(url)
        path = self._locate(bare)
        if path == self.readme and mark:
            return f"#{ID_PREFIX}{make_slug(unquote(mark[1:]))}"
        base = f"/plugins/{quote(self.name, safe='@/')}/{quote(self.version)}/files"
        if path in self.paths or path in self.folders:
            return f"{base}/{quote(path)}{mark}"
        return base if path == "." else None

    def find_image(self, url: str) -> str | None:
        """Where the file is served as it is; None if the release has no such picture."""
        path = self._locate(_split(url)[0])
        if path not in self.pictures:
            return None
        return reverse("raw", args=[self.name, self.version, path])

    def _locate(self, bare: str) -> str:
        """The path from the package's root; one that leads out of it is no path of a file."""
        folder = "" if bare.startswith("/") else posixpath.dirname(self.readme)
        return posixpath.normpath(posixpath.join(folder, unquote(bare).lstrip("/")))


def _split(url: str) -> tuple[str, str, str]:
    found = _PARTS.fullmatch(url)
    assert found is not None  # it matches any text
    return found[1], found[2] or "", found[3] or ""


@dataclass(frozen=True, slots=True)
class Place:
    """Where relative addresses are looked for: in the release first, then in the repository."""

    release: ReleaseFiles | None = None
    repository: SourceTree | None = None

    @classmethod
    def find(
        cls,
        *,
        name: str,
        version: str,
        readme: str,
        files: Sequence[Mapping[str, Any]],
        repository: object,
    ) -> Place:
        """The place of the README at path `readme` of a release with these files."""
        paths = frozenset(str(file["path"]) for file in files)
        pictures = frozenset(
            str(file["path"])
            for file in files
            if str(file["path"]).lower().endswith(_PICTURES) and file["size"] <= MAX_PICTURE_BYTES
        )
        tree = SourceTree.find(repository, folder=posixpath.dirname(readme))
        return cls(ReleaseFiles(name, version, readme, paths, pictures), tree)

    def find_page(self, url: str) -> str | None:
        """The address of what a relative link means; None if it is nowhere."""
        found = self.release.find_page(url) if self.release else None
        if found is None and self.repository:
            found = self.repository.resolve(url, to_file=False)
        return found

    def find_image(self, url: str) -> str | None:
        """The address of what a relative `src` means; None if it is nowhere."""
        found = self.release.find_image(url) if self.release else None
        if found is None and self.repository:
            found = self.repository.resolve(url, to_file=True)
        return found
