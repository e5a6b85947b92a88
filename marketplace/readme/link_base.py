"""Resolve relative links of a README to files of its release or its repository."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import quote, unquote

from django.urls import reverse

from marketplace.readme.anchors import build_fragment
from marketplace.readme.links import SourceTree
from plugport.spec.path_folding import PathSpellings
from registry.models import Release
from registry.visibility import Audience, has_package

# By file name only. Serving an image checks its content (`marketplace.images.content_type`).
_IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".gif", ".webp", ".avif", ".svg")
MAX_IMAGE_BYTES = 10 << 20
_PARTS = re.compile(r"([^?#]*)(\?[^#]*)?(#.*)?", re.DOTALL)


@dataclass(frozen=True)
class ReleaseFiles:
    """The files of a release. `readme` is the path of its README, `images` the paths of images.

    `base` is the path of the page below which `/files/` and `/raw/` serve them.
    """

    base: str
    readme: str
    paths: frozenset[str]
    images: frozenset[str]

    @cached_property
    def folders(self) -> frozenset[str]:
        """All folders with files. Computed on first use."""
        folders: set[str] = set()
        for path in self.paths:
            folder = posixpath.dirname(path)
            while folder and folder not in folders:
                folders.add(folder)
                folder = posixpath.dirname(folder)
        return frozenset(folders)

    @cached_property
    def _spellings(self) -> PathSpellings:
        return PathSpellings(self.paths | self.folders)

    def find_page(self, url: str) -> str | None:
        """The page of a file or folder, or None if the release does not have it."""
        bare, _, mark = _split(url)
        path = self._locate(bare)
        path = self._spellings.find(path) or path
        if path == self.readme and (fragment := build_fragment(mark[1:])):
            return fragment
        if path in self.paths or path in self.folders:
            return f"{self.base}/files/{quote(path)}{mark}"
        return f"{self.base}/files" if path == "." else None

    def find_image(self, url: str) -> str | None:
        """The URL of an image file, or None if the release does not have it."""
        path = self._spellings.find(self._locate(_split(url)[0])) or ""
        if path not in self.images:
            return None
        return f"{self.base}/raw/{quote(path)}"

    def _locate(self, bare: str) -> str:
        """The path from the root of the package. A path outside of it matches no file."""
        folder = "" if bare.startswith("/") else posixpath.dirname(self.readme)
        return posixpath.normpath(posixpath.join(folder, unquote(bare).lstrip("/")))


def _split(url: str) -> tuple[str, str, str]:
    match = _PARTS.fullmatch(url)
    assert match is not None  # the pattern matches any text
    return match[1], match[2] or "", match[3] or ""


@dataclass(frozen=True, slots=True)
class LinkBase:
    """Resolves relative URLs in the release first, then in the repository."""

    release: ReleaseFiles | None = None
    repository: SourceTree | None = None

    @classmethod
    def build(
        cls,
        *,
        name: str,
        version: str,
        readme: str,
        files: Sequence[Mapping[str, Any]],
        repository: object,
        page: str = "",
        has_images: bool = True,
    ) -> LinkBase:
        """The link base for the README at path `readme` of a release with these files.

        `page` is the path of the page with the files, by default the public one of the release.
        """
        paths = frozenset(str(file["path"]) for file in files)
        images = frozenset(
            str(file["path"])
            for file in files
            if has_images
            and str(file["path"]).lower().endswith(_IMAGE_SUFFIXES)
            and file["size"] <= MAX_IMAGE_BYTES
        )
        tree = SourceTree.find(repository, folder=posixpath.dirname(readme))
        base = page or f"/plugins/{quote(name, safe='@/')}/{quote(version)}"
        return cls(ReleaseFiles(base, readme, paths, images), tree)

    @classmethod
    def build_for_release(
        cls, name: str, release: Release, *, path: str, audience: Audience = Audience.EVERYONE
    ) -> LinkBase:
        """The link base for the file at `path` of a release of the plugin `name`.

        Links for members lead to the page of the upload, which shows the files in every state.
        """
        contents = release.contents
        is_public = audience is Audience.EVERYONE
        return cls.build(
            name=name,
            version=release.version,
            readme=path,
            # Files of a blocked release are not served, so its texts link to none.
            files=contents.files if release.is_served or not is_public else [],
            repository=contents.manifest.get("repository"),
            page="" if is_public else reverse("publication", args=[release.public_id]),
            has_images=has_package(release),
        )

    def find_page(self, url: str) -> str | None:
        """The URL of a relative link, or None if it cannot be resolved."""
        page = self.release.find_page(url) if self.release else None
        if page is None and self.repository:
            page = self.repository.resolve(url, to_file=False)
        return page

    def find_image(self, url: str) -> str | None:
        """The URL of a relative `src`, or None if it cannot be resolved."""
        image = self.release.find_image(url) if self.release else None
        if image is None and self.repository:
            image = self.repository.resolve(url, to_file=True)
        return image
