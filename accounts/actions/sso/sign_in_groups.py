"""Apply the rules for groups of an organization's connection at a sign-in."""

from __future__ import annotations

from accounts.actions.group_rights import GroupChange, apply_groups
from accounts.actions.record_audit_entry import record_audit_entry
from accounts.models import (
    Organization,
    OrganizationMember,
    SsoGroupMember,
    SsoIdentity,
    TeamMember,
)
from accounts.sso.person import Person


def apply_sign_in_groups(
    *, organization: Organization, identity: SsoIdentity, member: OrganizationMember, person: Person
) -> None:
    """Write down in which groups with a rule the person is now, and give and take what follows from it.

    Call it with the organization locked. Writes an audit entry about a change. At most 12 queries.
    """
    groups = set(person.groups)
    rules = identity.connection.organization_rules.values_list("pk", "group")
    wanted = {pk for pk, group in rules if group in groups}
    current = set(identity.groups.values_list("rule", flat=True))
    if not wanted and not current:
        return
    SsoGroupMember.objects.bulk_create(
        SsoGroupMember(identity=identity, rule_id=pk) for pk in sorted(wanted - current)
    )
    if ended := current - wanted:
        identity.groups.filter(rule__in=ended).delete()
    change = apply_groups([member]).get(member.pk)
    if change is not None:
        _record(organization, identity, member, change)


def _record(
    organization: Organization,
    identity: SsoIdentity,
    member: OrganizationMember,
    change: GroupChange,
) -> None:
    after = set(TeamMember.objects.filter(member=member).values_list("team__name", flat=True))
    before = after.difference(change.added).union(change.removed)
    record_audit_entry(
        actor=identity.user,
        action="organization.groups-applied",
        target=organization,
        subject=identity.user,
        connection=identity.connection.name,
        before={"role": change.role_before, "teams": sorted(before)},
        after={"role": change.role, "teams": sorted(after)},
    )
