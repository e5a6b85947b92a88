"""Decisions of owners on staged releases."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from accounts.api.views import ApiView, get_actor, get_request_token
from common.api.conditional import PRIVATE, respond_json
from plugport.spec.api.bodies import ApprovalBody
from plugport.spec.api.releases import Publication
from plugport.spec.api.validation import validate_body
from registry.actions import decide_staged
from registry.api.v1.parameters import NAME, VERSION
from registry.policies import check_may_approve
from registry.queries.members import get_member_plugin
from registry.queries.staged import get_undecided_release
from registry.queries.visibility_choices import list_wider_dependencies
from registry.queries.visible import Viewer
from registry.representations.releases import build_publication


class _DecisionView(ApiView):
    decide: ClassVar[Callable[..., None]]

    def run(self, request: Request, name: str, version: str, **reviewed: str) -> HttpResponse:
        """Decide as the user of the token."""
        token = get_request_token(request)
        plugin = get_member_plugin(name, actor=token.user, token=token)
        actor = get_actor(request, "manage", plugin=plugin.name)
        # Before the version, so that strangers do not learn which ones wait for a decision.
        check_may_approve(actor, plugin)
        release = get_undecided_release(plugin, version)
        type(self).decide(actor=actor, release=release, token=token, **reviewed)
        document = build_publication(
            release,
            list(release.checks.all()),
            hidden_dependencies=list_wider_dependencies(release, Viewer(actor, token)),
        )
        return respond_json(request, document, cache=PRIVATE)


class ApproveView(_DecisionView):
    """The approval of a staged release."""

    decide = staticmethod(decide_staged.approve_staged)

    @extend_schema(
        operation_id="approveRelease",
        parameters=[NAME, VERSION],
        request=ApprovalBody,
        responses=Publication,
    )
    def post(self, request: Request, name: str, version: str) -> HttpResponse:
        """Publish a staged release. Requires `manage`; for owners and maintainers.

        A version that was discarded may have been sent again with other content: name the package with
        its `sha256`.
        """
        body = validate_body(ApprovalBody, request.data)
        return self.run(request, name, version, sha256=body.get("sha256", ""))


class DiscardView(_DecisionView):
    """The refusal of a staged release."""

    decide = staticmethod(decide_staged.discard_staged)

    @extend_schema(
        operation_id="discardRelease",
        parameters=[NAME, VERSION],
        request=None,
        responses=Publication,
    )
    def post(self, request: Request, name: str, version: str) -> HttpResponse:
        """Reject a staged release; its version becomes free. Requires `manage`."""
        return self.run(request, name, version)
