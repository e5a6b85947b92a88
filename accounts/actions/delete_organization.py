"""Delete an organization."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone

from accounts.actions.domains.end_domain import end_domain
from accounts.actions.organizations.robots import delete_all_robots
from accounts.actions.record_audit_entry import (
    Act,
    record_audit_entries,
    record_audit_entry,
)
from accounts.actions.sso.connections import delete_connection
from accounts.actions.tokens.end_scim_token import end_scim_token
from accounts.errors import OrganizationInUseError, OrganizationRequestError
from accounts.hooks.organization_property import list_property
from accounts.hooks.organization_removal import run_removal_steps
from accounts.mails import notify_owner
from accounts.models import Organization, Owner, User
from accounts.policies import OrganizationRight, check_organization_right
from accounts.queries.organizations import list_owner_accounts, lock_organization
from plugport.spec.errors import FieldError
from plugport.spec.text import quote_text

_NAMED = 10


def delete_organization(*, actor: User, organization: Organization, confirmation: str) -> None:
    """End the organization: members, teams, robots, tokens, invitations, issuers and provisioning.

    `confirmation` is its name, as a person typed it. The name and its scopes stay reserved, and the log
    stays. Writes audit entries, and mails the other owners. The number of queries does not depend on that
    of the members, robots and tokens, but for batches of rows. Raises `OrganizationRightError`,
    `OrganizationRequestError`, and `OrganizationInUseError` with the names of the plugins that it still owns.
    """
    with transaction.atomic():
        # Before the organization, in the order of publishing: a new plugin refers to this row, so it is
        # either seen below, or waits and then finds its publisher without a right.
        Owner.objects.select_for_update().get(organization=organization)
        locked = lock_organization(organization)
        check_organization_right(actor, locked, OrganizationRight.MANAGE_OWNERS)
        if confirmation.strip().removeprefix("@").lower() != locked.name:
            detail = f"Type `{locked.name}` to confirm; found {quote_text(confirmation)}."
            raise OrganizationRequestError(
                "The organization was not deleted.", fields=[FieldError("confirmation", detail)]
            )
        _check_owns_nothing(locked)
        others = [each for each in list_owner_accounts(locked) if each.pk != actor.pk]
        record_audit_entry(
            actor=actor,
            action="organization.deleted",
            target=locked,
            before={
                "displayName": locked.display_name,
                "description": locked.description,
                "website": locked.website,
            },
        )
        # Otherwise the last connection would have to stay.
        locked.sso_only = False
        locked.save(update_fields=["sso_only"])
        _end_provisioning(actor, locked)
        delete_all_robots(actor=actor, organization=locked)
        _end_issuers(actor, locked)
        for domain in locked.owner.domains.select_related("owner"):
            end_domain(domain, by=actor)
        locked.invitations.all().delete()
        locked.teams.all().delete()
        _end_memberships(actor, locked)
        locked.display_name = locked.description = locked.website = ""
        locked.deleted_at = timezone.now()
        locked.save()
    _notify(others, actor, locked)


def _notify(owners: Sequence[User], actor: User, organization: Organization) -> None:
    """Tell them who deleted it. A failure is only logged."""
    for owner in owners:
        notify_owner(
            "organization_deleted",
            owner.email,
            organization=organization.name,
            by=actor.username,
            deleted_at=organization.deleted_at,
        )


def _check_owns_nothing(organization: Organization) -> None:
    names = list_property(organization)
    if not names:
        return
    listed = ", ".join(f"`{name}`" for name in names[:_NAMED])
    more = len(names) - _NAMED
    raise OrganizationInUseError(
        f"`{organization.name}` owns, or is offered, {listed}{f' and {more} more' if more > 0 else ''}.",
        hint="Give the plugins to another owner first. What is published stays for those who depend on it.",
        context={"plugins": names},
    )


def _end_provisioning(actor: User, organization: Organization) -> None:
    """The identity providers of the organization sign in and provision nobody any longer. Accounts stay."""
    for token in organization.scim_tokens.filter(revoked_at=None):
        token.organization = organization
        end_scim_token(token, by=actor)
    organization.scim_groups.all().delete()
    organization.scim_users.all().delete()
    for connection in organization.owner.sso_connections.order_by("pk"):
        delete_connection(actor=actor, connection=connection)


def _end_memberships(actor: User, organization: Organization) -> None:
    """End those of people. Robots have none any longer."""
    members = list(organization.memberships.select_related("user").order_by("pk"))
    record_audit_entries(
        actor=actor,
        acts=[
            Act("organization.removed", organization, each.user, details={"role": each.role})
            for each in members
        ],
    )
    organization.memberships.all().delete()
    run_removal_steps(organization, [each.user for each in members], actor)


def _end_issuers(actor: User, organization: Organization) -> None:
    for issuer in organization.owner.issuers.select_related("owner").order_by("pk"):
        record_audit_entry(
            actor=actor, action="issuer.removed", target=issuer, subject=organization.owner
        )
        issuer.delete()
