"""The JSON of rules for groups of identity providers."""

from __future__ import annotations

from accounts.models import SsoConnection, SsoGroupRule
from common.times import format_time
from plugport.spec.api import sso_groups as api


def build_sso_connection(connection: SsoConnection) -> api.SsoConnection:
    """Return what those who make rules have to know of a connection."""
    return {
        "id": connection.public_id,
        "name": connection.name,
        "kind": connection.kind,
        "enabled": connection.is_enabled,
    }


def build_sso_group_rule(rule: SsoGroupRule, member_count: int) -> api.SsoGroupRule:
    """Return a rule whose team and connection are loaded."""
    return {
        "id": rule.pk,
        "connection": rule.connection.public_id,
        "group": rule.group,
        "team": rule.team.name if rule.team else None,
        "role": rule.role or None,
        "memberCount": member_count,
        "createdAt": format_time(rule.created_at),
    }
