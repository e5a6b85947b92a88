"""`/organizations/<name>/domains` and `/me/domains`: domains, and their proof by DNS."""

from __future__ import annotations

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from accounts.actions.domains.add_domain import add_domain, remove_domain
from accounts.actions.domains.check_domain import check_domain
from accounts.api.views import ApiView, get_actor, get_request_token
from accounts.models import Owner, User
from accounts.policies import check_may_manage_domains, check_token_is_unlimited
from accounts.queries.domains import get_own_owner, list_domains
from accounts.queries.organizations import get_organization
from common.api.conditional import PRIVATE, respond_json
from plugport.spec.api import domains as api
from plugport.spec.api.validation import validate_body
from registry.api.v1.organizations import get_organization_actor
from registry.api.v1.parameters import DOMAIN, ORGANIZATION
from registry.representations.domains import build_domain, build_domains


def _find(request: Request, organization: str, *scopes: str) -> tuple[User, Owner]:
    """The caller, and the owner in the path, whose domains the caller may change."""
    if organization:
        actor = get_organization_actor(request, organization, *scopes)
        owner = get_organization(organization).owner
    else:
        actor = get_actor(request, *(scopes or ("manage",)))
        check_token_is_unlimited(get_request_token(request))
        owner = get_own_owner(actor)
    check_may_manage_domains(actor, owner)
    return actor, owner


def _list(request: Request, organization: str = "") -> HttpResponse:
    _actor, owner = _find(request, organization, "read", "manage")
    return respond_json(request, build_domains(owner, list_domains(owner)), cache=PRIVATE)


def _add(request: Request, organization: str = "") -> HttpResponse:
    actor, owner = _find(request, organization)
    body = validate_body(api.DomainBody, request.data)
    added = add_domain(actor=actor, owner=owner, domain=body["domain"])
    return respond_json(request, build_domain(added), cache=PRIVATE, status=201)


def _check(request: Request, domain: str, organization: str = "") -> HttpResponse:
    actor, owner = _find(request, organization)
    checked = check_domain(actor=actor, owner=owner, domain=domain)
    return respond_json(request, build_domain(checked), cache=PRIVATE)


def _remove(request: Request, domain: str, organization: str = "") -> HttpResponse:
    actor, owner = _find(request, organization)
    removed = remove_domain(actor=actor, owner=owner, domain=domain)
    return respond_json(request, build_domain(removed), cache=PRIVATE)


class OrganizationDomainsView(ApiView):
    """Proven and other domains of an organization."""

    @extend_schema(
        operation_id="listOrganizationDomains",
        parameters=[ORGANIZATION],
        responses=api.OwnerDomainList,
    )
    def get(self, request: Request, organization: str) -> HttpResponse:
        """List the domains with the records that prove them. For owners; requires `read` or `manage`."""
        return _list(request, organization)

    @extend_schema(
        operation_id="addOrganizationDomain",
        parameters=[ORGANIZATION],
        request=api.DomainBody,
        responses={201: api.OwnerDomain},
    )
    def post(self, request: Request, organization: str) -> HttpResponse:
        """Add a domain. It counts for nothing until it is proven. For owners; requires `manage`."""
        return _add(request, organization)


class OrganizationDomainView(ApiView):
    """One domain of an organization."""

    @extend_schema(
        operation_id="removeOrganizationDomain",
        parameters=[ORGANIZATION, DOMAIN],
        responses=api.OwnerDomain,
    )
    def delete(self, request: Request, organization: str, domain: str) -> HttpResponse:
        """Remove a domain and its proof. For owners; requires `manage`."""
        return _remove(request, domain, organization)


class OrganizationDomainCheckView(ApiView):
    """A lookup in DNS for an organization."""

    @extend_schema(
        operation_id="checkOrganizationDomain",
        parameters=[ORGANIZATION, DOMAIN],
        request=None,
        responses=api.OwnerDomain,
    )
    def post(self, request: Request, organization: str, domain: str) -> HttpResponse:
        """Look for the record in DNS now, which can take some seconds. For owners; requires `manage`."""
        return _check(request, domain, organization)


class MyDomainsView(ApiView):
    """The domains of the caller."""

    @extend_schema(operation_id="listMyDomains", responses=api.OwnerDomainList)
    def get(self, request: Request) -> HttpResponse:
        """List the domains with the records that prove them. Requires `read` or `manage`."""
        return _list(request)

    @extend_schema(
        operation_id="addMyDomain", request=api.DomainBody, responses={201: api.OwnerDomain}
    )
    def post(self, request: Request) -> HttpResponse:
        """Add a domain. It counts for nothing until it is proven. Requires `manage`."""
        return _add(request)


class MyDomainView(ApiView):
    """One domain of the caller."""

    @extend_schema(operation_id="removeMyDomain", parameters=[DOMAIN], responses=api.OwnerDomain)
    def delete(self, request: Request, domain: str) -> HttpResponse:
        """Remove a domain and its proof. Requires `manage`."""
        return _remove(request, domain)


class MyDomainCheckView(ApiView):
    """The check of a domain of the caller."""

    @extend_schema(
        operation_id="checkMyDomain",
        parameters=[DOMAIN],
        request=None,
        responses=api.OwnerDomain,
    )
    def post(self, request: Request, domain: str) -> HttpResponse:
        """Look for the record in DNS now, which can take some seconds. Requires `manage`."""
        return _check(request, domain)
