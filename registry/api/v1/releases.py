"""`/plugins/{name}/versions`, `/plugins/{name}/{version}` and its flags."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from registry import queries
from registry.actions import flag_release
from registry.api.conditional import PRIVATE, respond_body, respond_json
from registry.api.v1.bodies import Body, DeprecateBody, YankBody
from registry.api.v1.parameters import NAME, VERSION
from registry.api.v1.shapes import ReleaseShape, VersionList
from registry.api.views import ApiView, get_actor
from registry.documents import build_release_document, build_release_summary
from registry.models import Release
from registry.policies import check_served
from registry.queries import get_artifact

_TEXT = {(200, "text/markdown"): OpenApiTypes.STR}


class VersionsView(ApiView):
    """All releases of a plugin."""

    @extend_schema(operation_id="listVersions", parameters=[NAME], responses=VersionList)
    def get(self, request: Request, name: str) -> HttpResponse:
        """Every public release, highest version first. Clients resolve ranges over this."""
        releases = queries.list_releases(name)
        plugin = releases[0].plugin
        return respond_json(
            request,
            {
                "name": plugin.name,
                "distTags": plugin.document.get("distTags", {}),
                "versions": [
                    build_release_summary(release, get_artifact(release)) for release in releases
                ],
            },
        )


class ReleaseView(ApiView):
    """One release."""

    @extend_schema(operation_id="getRelease", parameters=[NAME, VERSION], responses=ReleaseShape)
    def get(self, request: Request, name: str, version: str) -> HttpResponse:
        """Everything about one release, by version or dist-tag."""
        return respond_json(request, describe_release(queries.get_release(name, version)))


class ReleaseReadmeView(ApiView):
    """The README of one release."""

    @extend_schema(operation_id="getReleaseReadme", parameters=[NAME, VERSION], responses=_TEXT)
    def get(self, request: Request, name: str, version: str) -> HttpResponse:
        """The text as sent; empty if the release has none. That of a blocked release is refused."""
        return respond_readme(request, queries.get_release(name, version))


class PluginReadmeView(ApiView):
    """The README of the newest release."""

    @extend_schema(operation_id="getReadme", parameters=[NAME], responses=_TEXT)
    def get(self, request: Request, name: str) -> HttpResponse:
        """The text of the release that `latest` names."""
        return respond_readme(request, queries.get_release(name, "latest"))


def describe_release(release: Release) -> dict[str, Any]:
    """The release's document with its checks."""
    return build_release_document(release, get_artifact(release), queries.list_checks(release))


def respond_readme(request: Request, release: Release) -> HttpResponse:
    """The README as text that no browser takes for a page. Raises `ReleaseBlockedError`."""
    check_served(release)
    return respond_body(
        request, release.contents.readme.encode(), content_type="text/markdown; charset=utf-8"
    )


class _FlagView(ApiView):
    """One flag of a release, set or taken back."""

    body: ClassVar[type[Body] | None] = None
    act: ClassVar[Callable[..., Release]]

    def flag(self, request: Request, name: str, version: str) -> HttpResponse:
        """Carry the act out for the token's user."""
        actor = get_actor(request, "manage", "publish", plugin=queries.get_plugin(name).name)
        release = queries.get_release(name, version)
        values: dict[str, Any] = {}
        if self.body is not None:
            body = self.body(data=request.data)
            body.is_valid(raise_exception=True)
            values = body.validated_data
        flagged = type(self).act(actor=actor, release=release, **values)
        return respond_json(request, describe_release(flagged), cache=PRIVATE)


class DeprecateView(_FlagView):
    """`deprecated`, on."""

    body = DeprecateBody
    act = staticmethod(flag_release.deprecate_release)

    @extend_schema(
        operation_id="deprecateRelease",
        parameters=[NAME, VERSION],
        request=DeprecateBody,
        responses=ReleaseShape,
    )
    def post(self, request: Request, name: str, version: str) -> HttpResponse:
        """Mark a release as no longer recommended, with a message."""
        return self.flag(request, name, version)


class UndeprecateView(_FlagView):
    """`deprecated`, off."""

    act = staticmethod(flag_release.undeprecate_release)

    @extend_schema(
        operation_id="undeprecateRelease",
        parameters=[NAME, VERSION],
        request=None,
        responses=ReleaseShape,
    )
    def post(self, request: Request, name: str, version: str) -> HttpResponse:
        """Take a deprecation back."""
        return self.flag(request, name, version)


class YankView(_FlagView):
    """`yanked`, on."""

    body = YankBody
    act = staticmethod(flag_release.yank_release)

    @extend_schema(
        operation_id="yankRelease",
        parameters=[NAME, VERSION],
        request=YankBody,
        responses=ReleaseShape,
    )
    def post(self, request: Request, name: str, version: str) -> HttpResponse:
        """Hide a release from new resolution; lockfiles still get it."""
        return self.flag(request, name, version)


class UnyankView(_FlagView):
    """`yanked`, off."""

    act = staticmethod(flag_release.unyank_release)

    @extend_schema(
        operation_id="unyankRelease",
        parameters=[NAME, VERSION],
        request=None,
        responses=ReleaseShape,
    )
    def post(self, request: Request, name: str, version: str) -> HttpResponse:
        """Take a yank back."""
        return self.flag(request, name, version)
