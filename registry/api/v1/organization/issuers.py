"""`/organizations/{organization}/issuers`: issuers of identity tokens for the plugins of an organization."""

from __future__ import annotations

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from accounts.actions.register_issuer import register_issuer, remove_issuer
from accounts.api.views import ApiView
from accounts.policies import OrganizationRight
from accounts.queries.organizations import get_organization
from common.api.conditional import PRIVATE, respond_json
from plugport.spec.api import trusted_publishers as api
from plugport.spec.api.bodies import IssuerBody
from plugport.spec.api.validation import validate_body
from registry.api.v1.organizations import get_organization_actor, get_readable_organization
from registry.api.v1.parameters import ORGANIZATION, PUBLISHER_ID
from registry.queries.trusted_publishers import list_registered_issuers
from registry.representations.trusted_publishers import build_registered_issuer


class OrganizationIssuersView(ApiView):
    """The issuers that an organization has registered for its plugins."""

    @extend_schema(
        operation_id="listOrganizationIssuers",
        parameters=[ORGANIZATION],
        responses=api.RegisteredIssuerList,
    )
    def get(self, request: Request, organization: str) -> HttpResponse:
        """List the registered issuers. For members; requires `read` or `manage`."""
        found = get_readable_organization(request, organization, OrganizationRight.SEE_MEMBERS)
        rows = list_registered_issuers(found.owner)
        document: api.RegisteredIssuerList = {
            "issuers": [build_registered_issuer(row) for row in rows]
        }
        return respond_json(request, document, cache=PRIVATE)

    @extend_schema(
        operation_id="registerOrganizationIssuer",
        parameters=[ORGANIZATION],
        request=IssuerBody,
        responses={201: api.RegisteredIssuer},
    )
    def post(self, request: Request, organization: str) -> HttpResponse:
        """Register an issuer for the plugins of the organization. For its owners; requires `manage`.

        Trusted publishers of the provider `oidc` need it.
        """
        actor = get_organization_actor(request, organization)
        found = get_organization(organization)
        body = validate_body(IssuerBody, request.data)
        issuer = register_issuer(actor=actor, owner=found.owner, url=body["url"])
        return respond_json(request, build_registered_issuer(issuer), cache=PRIVATE, status=201)


class OrganizationIssuerView(ApiView):
    """One issuer of an organization."""

    @extend_schema(
        operation_id="removeOrganizationIssuer",
        parameters=[ORGANIZATION, PUBLISHER_ID],
        responses=api.RegisteredIssuer,
    )
    def delete(self, request: Request, organization: str, id: int) -> HttpResponse:  # noqa: A002 -- the name in the path
        """Trust an issuer no longer. For the owners of the organization; requires `manage`."""
        actor = get_organization_actor(request, organization)
        found = get_organization(organization)
        removed = remove_issuer(actor=actor, owner=found.owner, issuer_id=id)
        return respond_json(request, build_registered_issuer(removed), cache=PRIVATE)
