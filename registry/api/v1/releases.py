"""`/plugins/{name}/versions`, `/plugins/{name}/{version}` and the flags of a release."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from accounts.api.views import ApiView, get_request_token
from common.api.conditional import PRIVATE, respond_body, respond_json
from common.cache_marks import InvalidatedBy, cacheable
from plugport.spec.api import releases as api
from plugport.spec.api.bodies import DeprecateBody, YankBody
from plugport.spec.api.validation import validate_body
from registry.actions import flag_release
from registry.api.v1.parameters import NAME, VERSION
from registry.api.viewers import get_token_viewer
from registry.models import Release
from registry.policies import check_served, check_token_may_flag
from registry.queries import catalog
from registry.queries.catalog import get_artifact
from registry.representations.releases import build_release_document, build_version_list

_MARKDOWN_RESPONSE = {(200, "text/markdown"): OpenApiTypes.STR}


class VersionsView(ApiView):
    """All releases of a plugin."""

    @extend_schema(operation_id="listVersions", parameters=[NAME], responses=api.VersionList)
    @cacheable(InvalidatedBy.CHANGE_OF_PLUGIN)
    def get(self, request: Request, name: str) -> HttpResponse:
        """List the public releases, highest version first. Clients resolve ranges with this list."""
        releases = catalog.list_releases(name, get_token_viewer(request))
        rows = [(release, get_artifact(release)) for release in releases]
        return respond_json(request, build_version_list(releases[0].plugin, rows))


class ReleaseView(ApiView):
    """One release."""

    @extend_schema(operation_id="getRelease", parameters=[NAME, VERSION], responses=api.Release)
    @cacheable(InvalidatedBy.CHANGE_OF_PLUGIN)
    def get(self, request: Request, name: str, version: str) -> HttpResponse:
        """Get a release by version or dist-tag."""
        release = catalog.get_release(name, version, get_token_viewer(request))
        return respond_json(request, build_checked_release(release))


class ReleaseReadmeView(ApiView):
    """The README of one release."""

    @extend_schema(
        operation_id="getReleaseReadme", parameters=[NAME, VERSION], responses=_MARKDOWN_RESPONSE
    )
    @cacheable(InvalidatedBy.CHANGE_OF_PLUGIN)
    def get(self, request: Request, name: str, version: str) -> HttpResponse:
        """Get the README as published, empty if there is none. Refused for blocked releases."""
        release = catalog.get_release(name, version, get_token_viewer(request))
        return respond_readme(request, release)


class PluginReadmeView(ApiView):
    """The README of the latest release."""

    @extend_schema(operation_id="getReadme", parameters=[NAME], responses=_MARKDOWN_RESPONSE)
    @cacheable(InvalidatedBy.CHANGE_OF_PLUGIN)
    def get(self, request: Request, name: str) -> HttpResponse:
        """Get the README of the release tagged `latest`."""
        release = catalog.get_release(name, "latest", get_token_viewer(request))
        return respond_readme(request, release)


def build_checked_release(release: Release) -> api.Release:
    """Return the release with its checks: 1 query."""
    return build_release_document(release, get_artifact(release), catalog.list_checks(release))


def respond_readme(request: Request, release: Release) -> HttpResponse:
    """Return the README as plain Markdown. Raises `ReleaseBlockedError`."""
    check_served(release)
    # As Markdown, so that no browser renders HTML that an author wrote on this origin (XSS).
    return respond_body(
        request, release.contents.readme.encode(), content_type="text/markdown; charset=utf-8"
    )


class _FlagView(ApiView):
    """Sets or removes a flag of a release."""

    body: ClassVar[type[DeprecateBody | YankBody] | None] = None
    flag_action: ClassVar[Callable[..., Release]]

    def flag(self, request: Request, name: str, version: str) -> HttpResponse:
        """Run the action as the user of the token."""
        token = get_request_token(request)
        viewer = get_token_viewer(request)
        check_token_may_flag(token, catalog.get_plugin(name, viewer).name)
        release = catalog.get_release(name, version, viewer)
        values: dict[str, Any] = {}
        if self.body is not None:
            values = dict(validate_body(self.body, request.data))
        flagged = type(self).flag_action(actor=token.user, release=release, **values)
        return respond_json(request, build_checked_release(flagged), cache=PRIVATE)


class DeprecateView(_FlagView):
    """Sets the deprecation."""

    body = DeprecateBody
    flag_action = staticmethod(flag_release.deprecate_release)

    @extend_schema(
        operation_id="deprecateRelease",
        parameters=[NAME, VERSION],
        request=DeprecateBody,
        responses=api.Release,
    )
    def post(self, request: Request, name: str, version: str) -> HttpResponse:
        """Deprecate a release with a message. It stays installable."""
        return self.flag(request, name, version)


class UndeprecateView(_FlagView):
    """Removes the deprecation."""

    flag_action = staticmethod(flag_release.undeprecate_release)

    @extend_schema(
        operation_id="undeprecateRelease",
        parameters=[NAME, VERSION],
        request=None,
        responses=api.Release,
    )
    def post(self, request: Request, name: str, version: str) -> HttpResponse:
        """Remove the deprecation of a release."""
        return self.flag(request, name, version)


class YankView(_FlagView):
    """Sets the yank."""

    body = YankBody
    flag_action = staticmethod(flag_release.yank_release)

    @extend_schema(
        operation_id="yankRelease",
        parameters=[NAME, VERSION],
        request=YankBody,
        responses=api.Release,
    )
    def post(self, request: Request, name: str, version: str) -> HttpResponse:
        """Yank a release: ranges no longer resolve to it, lockfiles still install it."""
        return self.flag(request, name, version)


class UnyankView(_FlagView):
    """Removes the yank."""

    flag_action = staticmethod(flag_release.unyank_release)

    @extend_schema(
        operation_id="unyankRelease",
        parameters=[NAME, VERSION],
        request=None,
        responses=api.Release,
    )
    def post(self, request: Request, name: str, version: str) -> HttpResponse:
        """Remove the yank of a release."""
        return self.flag(request, name, version)
