"""The client of one registry: a method for each call of the API."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Any, BinaryIO, Self
from urllib.parse import urljoin, urlsplit

from msgspec import Struct

from plugport.client.addresses import Resolver, resolve
from plugport.client.errors import UnexpectedResponseError
from plugport.client.http import HttpSession, Params
from plugport.client.lean_httpx import httpx
from plugport.client.models import (
    Account,
    Invitation,
    ListedToken,
    MemberList,
    Plugin,
    PluginPage,
    PublishStatus,
    Release,
    ReleaseList,
    ReleasePermissionChanges,
    list_rows,
    parse_suggestions,
    require_object,
)
from plugport.client.progress import NoProgress, Progress
from plugport.client.responses import read_bounded, read_json
from plugport.client.tokens import Token
from plugport.client.upload import CountedFile
from plugport.client.urls import API_PATH, Origin, RegistryUrl, quote_path_segment
from plugport.spec.api.accounts import Scope
from plugport.spec.api.reading import parse_leniently
from plugport.spec.api.trusted_publishers import (
    PluginPublishing,
    RegisteredIssuer,
    TrustedPublisher,
)
from plugport.spec.names import PluginName, parse_scope
from plugport.spec.versions import Version

if TYPE_CHECKING:
    from plugport.client.claims import ClaimsClient
    from plugport.client.organizations import OrganizationsClient
    from plugport.client.transfers import TransfersClient
    from plugport.spec.api.visibility import VisibilityState

README_BYTES = 8 << 20


class Upload(Struct, frozen=True):
    """A package to publish, and the fields of its form."""

    file: BinaryIO
    filename: str
    size_bytes: int
    tag: str | None = None
    changelog: str | None = None
    visibility: str | None = None
    wait_seconds: int = 0
    stage: bool = False


class RegistryClient:
    """The API of one registry. Every method raises the error that the registry reports.

    Pass `transport` to send requests to an application in the same process, for example in tests.
    """

    def __init__(
        self,
        registry: RegistryUrl,
        *,
        token: Token | None = None,
        transport: httpx.BaseTransport | None = None,
        resolver: Resolver = resolve,
    ) -> None:
        self.registry = registry
        self._transport = transport
        self._resolver = resolver
        self._http = HttpSession(registry, token=token, transport=transport, resolver=resolver)

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
        """End the idle connections to the registry. Downloads must be finished before."""
        self._http.close()

    def search(self, params: Params) -> PluginPage:
        """Return one page of plugins; `params` are those of `GET /plugins`."""
        return PluginPage.from_document(self._http.get_json(self.registry.api("/plugins"), params))

    def suggest_names(self, text: str, limit: int) -> list[PluginName]:
        """Return the names of plugins like `text`, of which it may be a part or a misspelling."""
        url = self.registry.api("/suggest")
        return parse_suggestions(self._http.get_json(url, {"q": text, "limit": limit}))[:limit]

    def get_plugin(self, name: PluginName) -> Plugin:
        """Return the plugin without its releases."""
        return Plugin.from_document(self._http.get_json(self._build_url(name)))

    def get_release(self, name: PluginName, version: Version | str) -> Release:
        """Return one release by its exact version.

        Its name differs from `name` if the plugin was renamed. Raises `UnexpectedResponseError` if
        the registry returns another version.
        """
        release = Release.from_document(self._http.get_json(self._build_url(name, str(version))))
        # Compared as texts: versions that differ in build metadata alone compare equal.
        if str(release.version) != str(version):
            raise UnexpectedResponseError(
                f"Requested `{name}@{version}`, but the registry returned `{release.version}`."
            )
        return release

    def get_tagged_release(self, name: PluginName, tag: str) -> Release:
        """Return the release that a dist-tag points to. Its name may differ as in `get_release`."""
        return Release.from_document(self._http.get_json(self._build_url(name, tag)))

    def find_permission_changes(self, release: Release) -> ReleasePermissionChanges | None:
        """Return the permissions that the release before this one had not; None for the first."""
        url = self._build_url(release.name, str(release.version), "diff")
        return ReleasePermissionChanges.from_document(self._http.get_json(url))

    def list_releases(self, name: PluginName) -> list[Release]:
        """Return every release of a plugin, without files, README and checks."""
        return list(self.get_versions(name).releases)

    def get_versions(self, name: PluginName) -> ReleaseList:
        """Return every release of a plugin, without files, README and checks, and its dist-tags."""
        return ReleaseList.from_document(self._http.get_json(self._build_url(name, "versions")))

    def get_readme(self, name: PluginName, version: str | None = None) -> str:
        """Return the README of a version, or of the newest release, as Markdown."""
        url = (
            self._build_url(name, version, "readme") if version else self._build_url(name, "readme")
        )
        with self._http.open("GET", url, headers={"Accept": "text/markdown"}) as response:
            return read_bounded(response, README_BYTES).decode("utf-8", errors="replace")

    def get_account(self) -> Account:
        """Return the account of the token. Raises `DeniedError` without a valid token."""
        return Account.from_document(self._http.get_json(self.registry.api("/me")))

    def mint_token(self, identity_token: str, name: PluginName) -> Token:
        """Exchange the identity token of a CI job for a token that publishes the plugin."""
        body = {"token": identity_token, "plugin": str(name)}
        document = self._http.post_json(self.registry.api("/oidc/mint-token"), body)
        token = require_object(document, "a token").get("token")
        if not isinstance(token, str):
            raise UnexpectedResponseError("The registry returned no token.")
        return Token.parse(token)

    def get_publishing(self, name: PluginName) -> Mapping[str, Any]:
        """Return the trusted publishers of a plugin, and the rules for its releases."""
        document = self._http.get_json(self._build_url(name, "publishing"))
        return parse_leniently(PluginPublishing, require_object(document, "how it is published"))

    def change_publishing(self, name: PluginName, rules: Mapping[str, bool]) -> Mapping[str, Any]:
        """Change the rules for the releases of a plugin, and return them all."""
        document = self._http.send_json("PATCH", self._build_url(name, "publishing"), dict(rules))
        return parse_leniently(PluginPublishing, require_object(document, "how it is published"))

    def add_trusted_publisher(
        self, name: PluginName, description: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        """Let a CI job publish a plugin, which need not exist yet."""
        url = self._build_url(name, "trusted-publishers")
        document = self._http.post_json(url, dict(description))
        return parse_leniently(TrustedPublisher, require_object(document, "a trusted publisher"))

    def remove_trusted_publisher(self, name: PluginName, number: int) -> Mapping[str, Any]:
        """Let a CI job no longer publish a plugin; return what was removed."""
        url = self._build_url(name, "trusted-publishers", str(number))
        document = self._http.send_json("DELETE", url)
        return parse_leniently(TrustedPublisher, require_object(document, "a trusted publisher"))

    def list_pending_publishers(self) -> list[Mapping[str, Any]]:
        """Return the account's trusted publishers of plugins that do not exist yet."""
        document = self._http.get_json(self.registry.api("/me/pending-publishers"))
        rows = list_rows(require_object(document, "trusted publishers"), "publishers")
        return [parse_leniently(TrustedPublisher, require_object(row, "one")) for row in rows]

    def list_issuers(self) -> list[Mapping[str, Any]]:
        """Return the issuers that the account has registered."""
        document = self._http.get_json(self.registry.api("/me/issuers"))
        rows = list_rows(require_object(document, "issuers"), "issuers")
        return [parse_leniently(RegisteredIssuer, require_object(row, "an issuer")) for row in rows]

    def register_issuer(self, url: str) -> Mapping[str, Any]:
        """Register an issuer of identity tokens for the account's plugins."""
        document = self._http.post_json(self.registry.api("/me/issuers"), {"url": url})
        return parse_leniently(RegisteredIssuer, require_object(document, "an issuer"))

    def remove_issuer(self, number: int) -> Mapping[str, Any]:
        """Remove a registered issuer; return what was removed."""
        document = self._http.send_json("DELETE", self.registry.api(f"/me/issuers/{number}"))
        return parse_leniently(RegisteredIssuer, require_object(document, "an issuer"))

    def decide_staged(
        self, name: PluginName, version: Version, decision: str, sha256: str = ""
    ) -> PublishStatus:
        """Send `approve` or `discard` for a staged release, and return its status.

        With `sha256`, only a package with that digest is approved.
        """
        url = self._build_url(name, str(version), decision)
        body = {"sha256": sha256} if sha256 else {}
        return PublishStatus.from_document(self._http.post_json(url, body))

    @property
    def organizations(self) -> OrganizationsClient:
        """The calls about organizations."""
        from plugport.client.organizations import OrganizationsClient

        return OrganizationsClient(self.registry, self._http)

    @property
    def transfers(self) -> TransfersClient:
        """The calls about transfers."""
        from plugport.client.transfers import TransfersClient

        return TransfersClient(self.registry, self._http)

    @property
    def claims(self) -> ClaimsClient:
        """The calls about claims."""
        from plugport.client.claims import ClaimsClient

        return ClaimsClient(self.registry, self._http)

    def create_scope(self, name: str, owner: str | None = None) -> Mapping[str, Any]:
        """Create a scope and return it. `owner` is an organization, or for moderators any account."""
        body = {"name": name} if owner is None else {"name": name, "owner": owner}
        document = self._http.post_json(self.registry.api("/scopes"), body)
        return parse_leniently(Scope, require_object(document, "a scope"))

    def list_tokens(self) -> list[ListedToken]:
        """Return the tokens of the account that the token of this client may see."""
        document = self._http.get_json(self.registry.api("/me/tokens"))
        rows = list_rows(require_object(document, "tokens"), "tokens")
        return [ListedToken.from_document(row) for row in rows]

    def create_token(self, body: Mapping[str, Any]) -> tuple[ListedToken, Token]:
        """Create a token; return it with its text, which cannot be requested again."""
        document = self._http.post_json(self.registry.api("/me/tokens"), body)
        created = ListedToken.from_document(document)
        return created, Token.parse(str(created.document.get("token", "")))

    def revoke_token(self, number: int) -> ListedToken:
        """Revoke a token of the account, and with it the tokens that it created."""
        url = self.registry.api(f"/me/tokens/{number}")
        return ListedToken.from_document(self._http.send_json("DELETE", url))

    def revoke_current_token(self) -> ListedToken:
        """Revoke the token of this client."""
        url = self.registry.api("/me/tokens/current")
        return ListedToken.from_document(self._http.send_json("DELETE", url))

    def get_visibility(self, name: PluginName) -> VisibilityState:
        """Return who may see a plugin, and a preview of each change; for its owners."""
        return _parse_visibility(self._http.get_json(self._build_url(name, "visibility")))

    def change_visibility(self, name: PluginName, visibility: str) -> VisibilityState:
        """Change who may see a plugin, at once."""
        url = self._build_url(name, "visibility")
        return _parse_visibility(self._http.send_json("PUT", url, {"visibility": visibility}))

    def get_scope_visibility(self, scope: str) -> VisibilityState:
        """Return the widest visibility of a scope's plugins, and a preview; for its owner."""
        return _parse_visibility(self._http.get_json(self._build_scope_url(scope)))

    def change_scope_visibility(self, scope: str, visibility: str) -> VisibilityState:
        """Change the widest visibility of a scope's plugins, at once."""
        url = self._build_scope_url(scope)
        return _parse_visibility(self._http.send_json("PUT", url, {"visibility": visibility}))

    def _build_scope_url(self, scope: str) -> str:
        return self.registry.api(f"/scopes/{scope}/visibility")

    def list_members(self, name: PluginName) -> MemberList:
        """Return the members of a plugin; with a token of a member, also pending invitations."""
        return MemberList.from_document(self._http.get_json(self._build_url(name, "owners")))

    def invite_member(self, name: PluginName, username: str, role: str) -> Invitation:
        """Offer an account a role in a plugin. It becomes a member when it accepts."""
        body = {"username": username, "role": role}
        return Invitation.from_document(self._http.post_json(self._build_url(name, "owners"), body))

    def change_member_role(self, name: PluginName, username: str, role: str) -> Mapping[str, Any]:
        """Give a member another role and return the member.

        User names are valid scopes. Raises `InvalidNameError` for others: `..` would be another URL.
        """
        url = self._build_url(name, "owners", parse_scope(username))
        return require_object(self._http.send_json("PATCH", url, {"role": role}), "a member")

    def remove_member(self, name: PluginName, username: str) -> Mapping[str, Any]:
        """Remove a member or withdraw an invitation; `removed` in the result says which.

        Raises `InvalidNameError` like `change_member_role`.
        """
        url = self._build_url(name, "owners", parse_scope(username))
        return require_object(self._http.send_json("DELETE", url), "a removal")

    def list_invitations(self) -> list[Invitation]:
        """Return the pending invitations of the account of the token."""
        document = self._http.get_json(self.registry.api("/me/invitations"))
        rows = list_rows(require_object(document, "invitations"), "invitations")
        return [Invitation.from_document(row) for row in rows]

    def answer_invitation(self, invitation: Invitation, answer: str) -> Mapping[str, Any]:
        """Send `accept` or `decline`; return the new member, or the invitation that has ended."""
        url = self.registry.api(f"/me/invitations/{invitation.number}/{answer}")
        return require_object(self._http.post_json(url, {}), "a member or an invitation")

    def get_status(self, status_url: str) -> PublishStatus:
        """Return the status of an upload; `status_url` comes from the response to `publish`.

        Only the path of `status_url` is used. A registry behind a proxy may name a host that is
        not the one the user entered, and the token must not be sent there.
        """
        _, _, path = urlsplit(status_url).path.rpartition(API_PATH)
        return PublishStatus.from_document(self._http.get_json(self.registry.api(path)))

    def publish(self, upload: Upload, progress: Progress | None = None) -> PublishStatus:
        """Upload a package in chunks. Uploading the same bytes again is harmless."""
        reporter = progress or NoProgress()
        fields = {
            "tag": upload.tag,
            "changelog": upload.changelog,
            "visibility": upload.visibility,
        }
        params: dict[str, str | int] = {"wait": upload.wait_seconds} if upload.wait_seconds else {}
        if upload.stage:
            params["stage"] = "true"
        reporter.start(f"uploading {upload.filename}", total_bytes=upload.size_bytes)
        try:
            counted = CountedFile(upload.file, reporter.advance)
            part = (upload.filename, counted, "application/gzip")
            with self._http.open(
                "POST",
                self.registry.api("/plugins"),
                params=params,
                data={key: value for key, value in fields.items() if value is not None},
                files={"package": part},
                headers={"Accept": "application/json, application/problem+json"},
            ) as response:
                return PublishStatus.from_document(read_json(response))
        finally:
            reporter.finish()

    def mark_release(
        self, name: PluginName, version: Version, mark: str, document: Mapping[str, Any]
    ) -> Release:
        """Set or remove a flag; `mark` is `deprecate`, `undeprecate`, `yank` or `unyank`."""
        url = self._build_url(name, str(version), mark)
        return Release.from_document(self._http.post_json(url, dict(document)))

    def package_url(self, release: Release) -> str:
        """Return the URL of a release's package."""
        if package_url := release.data["packageUrl"]:
            # The registry may store packages elsewhere; a relative URL starts at the registry.
            return urljoin(self.registry.text + "/", package_url)
        return self._build_url(release.name, str(release.version), "download")

    def open_package(
        self, url: str, headers: Mapping[str, str]
    ) -> AbstractContextManager[httpx.Response]:
        """Open the download of a package.

        The bytes are not decoded, because the digests are those of the archive as stored.
        """
        return self._http.open("GET", url, headers={"Accept-Encoding": "identity", **headers})

    @contextmanager
    def open_url(self, url: str, headers: Mapping[str, str]) -> Iterator[httpx.Response]:
        """Open the download of a package from a URL that the user entered.

        Its redirects may lead to every host with a public address. The token is sent if the URL is
        one of the registry.
        """
        origin = Origin.of(url)
        if origin == self.registry.origin:
            with self.open_package(url, headers) as response:
                yield response
            return
        with HttpSession(
            RegistryUrl(str(origin)),
            transport=self._transport,
            resolver=self._resolver,
            allows_public_hosts=True,
        ) as session:
            accepted = {"Accept-Encoding": "identity", **headers}
            with session.open("GET", url, headers=accepted) as response:
                yield response

    def _build_url(self, name: PluginName, *parts: str) -> str:
        path = "/".join(
            ("/plugins", quote_path_segment(str(name)), *map(quote_path_segment, parts))
        )
        return self.registry.api(path)


def _parse_visibility(document: Any) -> VisibilityState:
    # Imported here, because only one command needs it.
    from plugport.spec.api.visibility import VisibilityState

    return parse_leniently(VisibilityState, require_object(document, "a visibility"))
