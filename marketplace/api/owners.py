"""`GET /owners/{owner}` and `GET /scopes/{name}`: what profiles show, as JSON."""

from __future__ import annotations

from django.http import HttpResponse
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request

from accounts.api.views import ApiView
from common.api.conditional import respond_json
from common.cache_marks import InvalidatedBy, cacheable
from marketplace.queries.lists import get_owner_profile, get_scope_profile
from plugport.spec.api import owners as api
from registry.api.v1.parameters import SCOPE
from registry.api.viewers import get_token_viewer
from registry.representations.domains import build_proof

_OWNER = OpenApiParameter(
    "owner",
    {"type": "string", "minLength": 1, "maxLength": 64},
    OpenApiParameter.PATH,
    description="The name of a person or an organization.",
)


class OwnerView(ApiView):
    """A person or an organization."""

    @extend_schema(operation_id="getOwner", parameters=[_OWNER], responses=api.Owner)
    @cacheable(InvalidatedBy.ANY_CHANGE)
    def get(self, request: Request, owner: str) -> HttpResponse:
        """Get what the profile of a person or organization shows: 4 queries, 1 if there is none."""
        profile = get_owner_profile(owner)
        organization = profile.owner.organization
        document: api.Owner = {
            "name": profile.owner.name,
            "kind": profile.owner.kind,
            "displayName": organization.display_name if organization is not None else "",
            "since": profile.since.date().isoformat(),
            "scopes": [scope.name for scope in profile.scopes],
            "proofs": [build_proof(each) for each in profile.proofs],
            "plugins": profile.total,
            "downloads": profile.downloads,
        }
        return respond_json(request, document)


class ScopeView(ApiView):
    """A scope with its owner."""

    @extend_schema(operation_id="getScope", parameters=[SCOPE], responses=api.ScopeDetail)
    @cacheable(InvalidatedBy.ANY_CHANGE)
    def get(self, request: Request, name: str) -> HttpResponse:
        """Get a scope with its owner: 3 queries, 1 if there is none that the caller may see."""
        profile = get_scope_profile(name, get_token_viewer(request))
        scope = profile.scope
        document: api.ScopeDetail = {
            "name": scope.name,
            "owner": {"name": scope.owner.name, "kind": scope.owner.kind},
            "official": scope.is_official,
            "visibility": scope.visibility,
            "since": scope.created_at.date().isoformat(),
            "proofs": [build_proof(each) for each in profile.proofs],
            "plugins": profile.total,
            "downloads": profile.downloads,
        }
        return respond_json(request, document)
