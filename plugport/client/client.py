"""The API of one registry, call by call."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from types import TracebackType
from typing import Any, BinaryIO, Self
from urllib.parse import urljoin, urlsplit

import httpx

from plugport.client.answers import read_bounded, read_json
from plugport.client.errors import UnexpectedAnswerError
from plugport.client.fields import Fields
from plugport.client.http import HttpSession, Params
from plugport.client.models import (
    Account,
    Plugin,
    PluginPage,
    PublishStatus,
    Release,
    ReleaseGain,
)
from plugport.client.progress import NoProgress, Progress
from plugport.client.tokens import Token
from plugport.client.upload import CountedFile
from plugport.client.urls import API_PATH, RegistryUrl, quote_part
from plugport.spec.names import PluginName
from plugport.spec.versions import Version

# The most that the API gives at once.
PAGE_SIZE = 100
# 10,000 releases: past this a list is taken for one that never ends.
RELEASE_PAGES = 100
README_BYTES = 8 << 20


@dataclass(frozen=True, slots=True)
class Upload:
    """A package on its way to the registry."""

    file: BinaryIO
    filename: str
    size_bytes: int
    tag: str | None = None
    changelog: str | None = None
    wait_seconds: int = 0


class RegistryClient:
    """One registry. Every method raises the error the registry reports, with its code.

    `transport` replaces the network (`httpx.BaseTransport`), for programs that test themselves
    against a registry in their own process.
    """

    def __init__(
        self,
        registry: RegistryUrl,
        *,
        token: Token | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.registry = registry
        self._http = HttpSession(registry, token=token, transport=transport)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give the connections back."""
        self._http.close()

    def search(self, params: Params) -> PluginPage:
        """One page of plugins; `params` are those of `GET /plugins`."""
        return PluginPage.read(self._http.get_json(self.registry.api("/plugins"), params))

    def get_plugin(self, name: PluginName) -> Plugin:
        """A plugin, all its releases taken together."""
        return Plugin.read(self._http.get_json(self._url(name)))

    def get_release(self, name: PluginName, version: Version | str) -> Release:
        """One release by its exact version; its name is another one if the plugin was renamed."""
        release = Release.read(self._http.get_json(self._url(name, str(version))))
        # Texts, because versions that differ in build metadata alone count as equal.
        if str(release.version) != str(version):
            raise UnexpectedAnswerError(
                f"`{name}@{version}` was asked for, `{release.version}` was answered"
            )
        return release

    def get_gain(self, release: Release) -> ReleaseGain | None:
        """What the release may do that the one before it could not; None for the first one."""
        url = self._url(release.name, str(release.version), "diff")
        return ReleaseGain.read(self._http.get_json(url))

    def list_releases(self, name: PluginName) -> list[Release]:
        """Every release of a plugin, through all pages of the list."""
        releases: list[Release] = []
        for page in range(1, RELEASE_PAGES + 1):
            params = {"limit": PAGE_SIZE, "page": page}
            data = self._http.get_json(self._url(name, "versions"), params)
            fields = Fields.read(data, "a list of releases")
            releases += [Release.read(row) for row in fields.items("versions")]
            # All versions at once, without pagination, is an answer as well.
            if fields.child("pagination").data.get("hasMore") is not True:
                return releases
        raise UnexpectedAnswerError(f"the list of releases of `{name}` has no end")

    def get_readme(self, name: PluginName, version: str | None = None) -> str:
        """The README as Markdown, of the newest release or of one."""
        url = self._url(name, version, "readme") if version else self._url(name, "readme")
        accept = {"Accept": "text/markdown, application/json;q=0.9, text/plain;q=0.8"}
        with self._http.open("GET", url, headers=accept) as response:
            if "json" in response.headers.get("content-type", ""):
                fields = Fields.read(read_json(response), "a README")
                return fields.show("readme") or fields.show("content")
            return read_bounded(response, README_BYTES).decode("utf-8", errors="replace")

    def get_account(self) -> Account:
        """Who the token belongs to. Raises `DeniedError` without a valid one."""
        return Account.read(self._http.get_json(self.registry.api("/me")))

    def get_status(self, status_url: str) -> PublishStatus:
        """How far the registry is with a package; `status_url` is what publishing answered.

        A registry that knows itself by another host name answers with that name. The question
        still goes to the address the user gave, for only there the token may be sent.
        """
        _, _, path = urlsplit(status_url).path.rpartition(API_PATH)
        return PublishStatus.read(self._http.get_json(self.registry.api(path)))

    def publish(self, upload: Upload, progress: Progress | None = None) -> PublishStatus:
        """Send a package from disk, piece by piece; the same bytes may be sent again."""
        watcher = progress or NoProgress()
        fields = {"tag": upload.tag, "changelog": upload.changelog}
        params = {"wait": upload.wait_seconds} if upload.wait_seconds else {}
        watcher.start(f"uploading {upload.filename}", total_bytes=upload.size_bytes)
        try:
            counted = CountedFile(upload.file, watcher.advance)
            part = (upload.filename, counted, "application/gzip")
            with self._http.open(
                "POST",
                self.registry.api("/plugins"),
                params=params,
                data={key: value for key, value in fields.items() if value is not None},
                files={"package": part},
                headers={"Accept": "application/json, application/problem+json"},
            ) as response:
                return PublishStatus.read(read_json(response))
        finally:
            watcher.finish()

    def mark_release(
        self, name: PluginName, version: Version, mark: str, document: Mapping[str, Any]
    ) -> Release:
        """Set or take back a flag: `deprecate`, `undeprecate`, `yank` or `unyank`."""
        url = self._url(name, str(version), mark)
        return Release.read(self._http.post_json(url, dict(document)))

    def package_url(self, release: Release) -> str:
        """Where a release's package is, as the registry says or as the API's rule has it."""
        if release.package_url:
            # A path is meant on the registry; a full address may be a storage elsewhere.
            return urljoin(self.registry.text + "/", release.package_url)
        return self._url(release.name, str(release.version), "download")

    def open_package(
        self, url: str, headers: Mapping[str, str]
    ) -> AbstractContextManager[httpx.Response]:
        """A package's bytes as they come, never decoded; the token stays with its origin."""
        return self._http.open("GET", url, headers={"Accept-Encoding": "identity", **headers})

    def _url(self, name: PluginName, *parts: str) -> str:
        path = "/".join(("/plugins", quote_part(str(name)), *map(quote_part, parts)))
        return self.registry.api(path)
