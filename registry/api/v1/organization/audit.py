"""`/organizations/{organization}/audit`: the log of an organization."""

from __future__ import annotations

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from accounts.api.views import ApiView
from accounts.queries.organizations import get_organization
from plugport.spec.api.accounts import AuditPage
from registry.api.v1.me import respond_events
from registry.api.v1.organizations import get_organization_actor
from registry.api.v1.parameters import AUDIT, ORGANIZATION
from registry.queries.audit import get_organization_scope


class OrganizationAuditView(ApiView):
    """The log of an organization."""

    @extend_schema(
        operation_id="listOrganizationAuditEvents",
        parameters=[ORGANIZATION, *AUDIT],
        responses=AuditPage,
    )
    def get(self, request: Request, organization: str) -> HttpResponse:
        """List what was done in the organization and by its robots, newest first.

        For owners and managers; requires `read` or `manage`.
        """
        actor = get_organization_actor(request, organization, "read", "manage")
        scope = get_organization_scope(get_organization(organization), viewer=actor)
        return respond_events(request, scope)
