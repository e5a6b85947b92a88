"""Rules for groups: what the people in a group of an organization's identity provider get at a sign-in."""

from __future__ import annotations

from django.db import transaction

from accounts.actions.group_rights import apply_groups, list_organization_members
from accounts.actions.organizations.teams import check_may_change_team
from accounts.actions.record_audit_entry import record_audit_entry
from accounts.errors import InOrganizationError, OrganizationLimitError, OrganizationRequestError
from accounts.models import Organization, SsoGroupRule, Team, User
from accounts.models.organization import GROUP_ROLES
from accounts.models.sso import GROUP_CHARS
from accounts.policies import OrganizationRight, check_organization_right
from accounts.queries.organizations import get_team, lock_organization
from accounts.queries.sso import get_group_rule, get_owned_connection
from plugport.spec.errors import FieldError
from plugport.spec.text import quote_text

# Of a connection.
MAX_RULES = 100


def add_group_rule(
    *,
    actor: User,
    organization: Organization,
    connection_id: str,
    group: str,
    team: str = "",
    role: str = "",
) -> SsoGroupRule:
    """Give the people in the group a team or a role from their next sign-in on; returns the rule.

    Only owners may: a manager could become one with a team. Writes an audit entry. Raises
    `OrganizationRightError`, `UnknownConnectionError`, `UnknownTeamError`, `OrganizationRequestError`,
    `InOrganizationError` and `OrganizationLimitError`.
    """
    group = _require_group(group)
    if bool(team) == bool(role):
        raise _build_error("team", "Name either a team or a role.")
    if role and role not in dict(GROUP_ROLES):
        allowed = " and ".join(f"`{name}`" for name, _ in GROUP_ROLES)
        raise _build_error(
            "role", f"A group can give the roles {allowed}; found {quote_text(role)}."
        )
    with transaction.atomic():
        locked = lock_organization(organization)
        check_organization_right(actor, locked, OrganizationRight.MANAGE_OWNERS)
        connection = get_owned_connection(connection_id, locked)
        new_team: Team | None = get_team(locked, team) if team else None
        if new_team is not None:
            check_may_change_team(actor, new_team)
        rules = connection.organization_rules
        if rules.filter(group=group, team=new_team, role=role).exists():
            raise InOrganizationError(f"The group {quote_text(group)} gives this already.")
        if (count := rules.count()) >= MAX_RULES:
            raise OrganizationLimitError(
                f"{connection.name} has {count} rules; at most {MAX_RULES} are allowed."
            )
        rule = SsoGroupRule.objects.create(
            connection=connection, group=group, team=new_team, role=role
        )
        record_audit_entry(
            actor=actor,
            action="sso.rule-added",
            target=connection,
            before=None,
            after=rule.describe(),
        )
    return rule


def remove_group_rule(*, actor: User, organization: Organization, rule_id: int) -> SsoGroupRule:
    """Remove the rule; returns it. What only this rule gave ends at once. Writes an audit entry.

    Raises `OrganizationRightError`, `UnknownGroupRuleError` and `OrganizationRequestError`.
    """
    with transaction.atomic():
        locked = lock_organization(organization)
        check_organization_right(actor, locked, OrganizationRight.MANAGE_OWNERS)
        rule = get_group_rule(locked, rule_id)
        if rule.team is not None:
            check_may_change_team(actor, rule.team)
        users = list(rule.members.values_list("identity__user", flat=True))
        rule.members.all().delete()
        SsoGroupRule.objects.filter(pk=rule.pk).delete()
        changed = apply_groups(
            list_organization_members(locked, users),
            teams=() if rule.team_id is None else (rule.team_id,),
            with_roles=bool(rule.role),
        )
        record_audit_entry(
            actor=actor,
            action="sso.rule-removed",
            target=rule.connection,
            changed_members=len(changed),
            before=rule.describe(),
            after=None,
        )
    return rule


def _require_group(text: str) -> str:
    """The name as the provider sends it. Raises `OrganizationRequestError`."""
    text = text.strip()
    if not 0 < len(text) <= GROUP_CHARS or not text.isprintable():
        raise _build_error(
            "group",
            f"The name of a group has 1 to {GROUP_CHARS} characters, none of them a control character.",
        )
    return text


def _build_error(field: str, detail: str) -> OrganizationRequestError:
    return OrganizationRequestError("The rule cannot be added.", fields=[FieldError(field, detail)])
