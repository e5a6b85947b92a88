"""The CI jobs that may publish plugins: `/plugins/{name}/publishing`, `/me/…`, `/oidc/mint-token`."""

from __future__ import annotations

from typing import ClassVar

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from accounts.actions.register_issuer import register_issuer, remove_issuer
from accounts.api.views import ApiView, get_actor, get_request_token
from accounts.models import User
from accounts.policies import check_token_is_unlimited, list_in_token_limits
from common.api.conditional import PRIVATE, respond_json
from common.times import format_time
from plugport.spec.api import trusted_publishers as api
from plugport.spec.api.bodies import (
    IssuerBody,
    MintBody,
    PublishingRulesBody,
    TrustedPublisherBody,
)
from plugport.spec.api.validation import validate_body
from plugport.spec.names import PluginName
from registry.actions.add_trusted_publisher import add_trusted_publisher
from registry.actions.change_publishing_rules import change_publishing_rules
from registry.actions.mint_publish_token import mint_publish_token
from registry.actions.remove_trusted_publisher import remove_trusted_publisher
from registry.api.v1.parameters import NAME, PUBLISHER_ID
from registry.errors import UnknownTrustedPublisherError
from registry.models import Plugin
from registry.policies import require_person
from registry.publishing.trusted import PublisherRequest
from registry.queries.members import get_member_plugin
from registry.queries.trusted_publishers import (
    get_managed_publishers,
    get_trusted_publisher,
    list_pending_publishers,
    list_registered_issuers,
)
from registry.representations.trusted_publishers import (
    build_plugin_publishing,
    build_publisher_list,
    build_registered_issuer,
    build_trusted_publisher,
)


class PublishingView(ApiView):
    """How a plugin may be published."""

    @extend_schema(operation_id="getPublishing", parameters=[NAME], responses=api.PluginPublishing)
    def get(self, request: Request, name: str) -> HttpResponse:
        """Get the trusted publishers and rules of a plugin. Requires `read` or `manage`.

        For owners and maintainers.
        """
        plugin, actor = _get_plugin_and_actor(request, name, "read", "manage")
        document = build_plugin_publishing(plugin, get_managed_publishers(actor, plugin))
        return respond_json(request, document, cache=PRIVATE)

    @extend_schema(
        operation_id="changePublishing",
        parameters=[NAME],
        request=PublishingRulesBody,
        responses=api.PluginPublishing,
    )
    def patch(self, request: Request, name: str) -> HttpResponse:
        """Change the rules: only trusted publishing, and approval of its releases. Requires `manage`.

        For owners and maintainers.
        """
        plugin, actor = _get_plugin_and_actor(request, name, "manage")
        body = validate_body(PublishingRulesBody, request.data)
        changed = change_publishing_rules(
            actor=actor,
            plugin=plugin,
            trusted_only=body.get("trustedPublishingOnly"),
            stages_trusted=body.get("stageTrustedReleases"),
        )
        document = build_plugin_publishing(changed, get_managed_publishers(actor, changed))
        return respond_json(request, document, cache=PRIVATE)


class TrustedPublishersView(ApiView):
    """The CI jobs that may publish a plugin, which need not exist yet."""

    @extend_schema(
        operation_id="addTrustedPublisher",
        parameters=[NAME],
        request=TrustedPublisherBody,
        responses={201: api.TrustedPublisher},
    )
    def post(self, request: Request, name: str) -> HttpResponse:
        """Let a CI job publish the plugin. Requires `manage`.

        For owners and maintainers. If there is no such plugin, the first release creates it for the
        account of the token; until then, the name is not reserved.
        """
        parsed = PluginName.parse(name)
        actor = get_actor(request, "manage", plugin=str(parsed))
        body = validate_body(TrustedPublisherBody, request.data)
        publisher = add_trusted_publisher(
            actor=actor,
            name=parsed,
            token=get_request_token(request),
            request=PublisherRequest(
                provider=body["provider"],
                issuer=body.get("issuer", ""),
                repository=body.get("repository", ""),
                repository_id=body.get("repositoryId", ""),
                owner_id=body.get("ownerId", ""),
                workflow=body.get("workflow", ""),
                environment=body.get("environment", ""),
                claims=body.get("claims", {}),
            ),
        )
        document = build_trusted_publisher(publisher)
        return respond_json(request, document, cache=PRIVATE, status=201)


class TrustedPublisherView(ApiView):
    """One CI job that may publish a plugin."""

    @extend_schema(
        operation_id="removeTrustedPublisher",
        parameters=[NAME, PUBLISHER_ID],
        responses=api.TrustedPublisher,
    )
    def delete(self, request: Request, name: str, id: int) -> HttpResponse:  # noqa: A002 -- the name in the path
        """Remove a trusted publisher, also a pending one; its tokens end. Requires `manage`."""
        actor = get_actor(request, "manage", plugin=name)
        if get_trusted_publisher(actor, id).name != str(PluginName.parse(name)):
            raise UnknownTrustedPublisherError(f"`{name}` has no trusted publisher {id}.")
        removed = remove_trusted_publisher(actor=actor, publisher_id=id)
        return respond_json(request, build_trusted_publisher(removed), cache=PRIVATE)


class PendingPublishersView(ApiView):
    """The trusted publishers of plugins that do not exist yet."""

    @extend_schema(operation_id="listPendingPublishers", responses=api.TrustedPublisherList)
    def get(self, request: Request) -> HttpResponse:
        """List those of the account of the token. Requires `read` or `manage`."""
        rows = list_pending_publishers(get_actor(request, "read", "manage"))
        token = get_request_token(request)
        allowed = list_in_token_limits(token, [PluginName.parse(row.name) for row in rows])
        rows = [row for row in rows if PluginName.parse(row.name) in allowed]
        return respond_json(request, build_publisher_list(rows), cache=PRIVATE)


class IssuersView(ApiView):
    """The issuers that the account has registered for its own plugins."""

    @extend_schema(operation_id="listIssuers", responses=api.RegisteredIssuerList)
    def get(self, request: Request) -> HttpResponse:
        """List the registered issuers of the account of the token. Requires `read` or `manage`."""
        rows = list_registered_issuers(require_person(get_actor(request, "read", "manage")))
        document: api.RegisteredIssuerList = {
            "issuers": [build_registered_issuer(row) for row in rows]
        }
        return respond_json(request, document, cache=PRIVATE)

    @extend_schema(
        operation_id="registerIssuer", request=IssuerBody, responses={201: api.RegisteredIssuer}
    )
    def post(self, request: Request) -> HttpResponse:
        """Register an issuer for the plugins of the account. Requires `manage` without a limit.

        Trusted publishers of the provider `oidc` need it.
        """
        actor = _get_unlimited_actor(request)
        body = validate_body(IssuerBody, request.data)
        issuer = register_issuer(actor=actor, owner=require_person(actor), url=body["url"])
        return respond_json(request, build_registered_issuer(issuer), cache=PRIVATE, status=201)


class IssuerView(ApiView):
    """One registered issuer."""

    @extend_schema(
        operation_id="removeIssuer", parameters=[PUBLISHER_ID], responses=api.RegisteredIssuer
    )
    def delete(self, request: Request, id: int) -> HttpResponse:  # noqa: A002 -- the name in the path
        """Trust an issuer no longer. Requires `manage` without a limit."""
        actor = _get_unlimited_actor(request)
        removed = remove_issuer(actor=actor, owner=require_person(actor), issuer_id=id)
        return respond_json(request, build_registered_issuer(removed), cache=PRIVATE)


class MintView(ApiView):
    """The exchange of identity tokens."""

    limit_kind: ClassVar[str] = "mint"

    @extend_schema(operation_id="mintToken", request=MintBody, responses={201: api.MintedToken})
    def post(self, request: Request) -> HttpResponse:
        """Exchange the identity token of a CI job for a token that publishes one plugin.

        The job must match a trusted publisher of the plugin, and the identity token must have the
        host of this registry as its audience. Each is accepted once.
        """
        body = validate_body(MintBody, request.data)
        name = PluginName.parse(body["plugin"]) if body.get("plugin") else None
        minted = mint_publish_token(identity_token=body["token"], plugin=name)
        document: api.MintedToken = {
            "token": minted.text,
            "plugin": minted.publisher.name,
            "expiresAt": format_time(minted.token.expires_at) or "",
        }
        return respond_json(request, document, cache=PRIVATE, status=201)


def _get_plugin_and_actor(request: Request, name: str, *scopes: str) -> tuple[Plugin, User]:
    """Return the plugin and the caller, whose token has one of the scopes for it."""
    token = get_request_token(request)
    plugin = get_member_plugin(name, actor=token.user, token=token)
    return plugin, get_actor(request, *scopes, plugin=plugin.name)


def _get_unlimited_actor(request: Request) -> User:
    """Return the caller, if the token is not limited to some plugins: an issuer concerns all."""
    actor = get_actor(request, "manage")
    check_token_is_unlimited(get_request_token(request))
    return actor
