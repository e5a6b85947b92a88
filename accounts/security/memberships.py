"""Which memberships in organizations count for what an account does now."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Q

from accounts.models import ScimUser, SsoIdentity, User


def build_membership_condition(user: User | OuterRef, path: str = "") -> Q:
    """Select the memberships of the user that count, in the query that the caller runs anyway.

    `path` leads from the row to memberships. In a session of an organization's single sign-on, only
    the membership in that organization counts. Where the organization requires a second factor, or its
    single sign-on, those without do not count. `user` may be a column of the row: then it is not asked
    how the account signs in.
    """
    condition = build_reached_condition(user, path)
    if not isinstance(user, User):
        return condition & _build_factor_condition(path)
    # The identity provider of the organization is responsible for the sessions that it opens.
    if user.session_of is not None or user.is_robot:
        return condition
    if not user.is_absent:
        condition &= Q(**{f"{path}organization__sso_only": False})
    return condition if user.has_second_factor else condition & _build_factor_condition(path)


def _build_factor_condition(path: str) -> Q:
    optional = Q(**{f"{path}organization__requires_second_factor": False})
    return optional | build_protected_condition(path)


def build_reached_condition(user: User | OuterRef, path: str = "") -> Q:
    """Select the memberships of the user that the session reaches, whether their rights count or not."""
    condition = Q(**{f"{path}user": user})
    if isinstance(user, User) and user.session_of is not None:
        condition &= Q(**{f"{path}organization": user.session_of})
    return condition


def build_protected_condition(path: str = "") -> Q:
    """Select the memberships whose account has a second factor, or needs none of its own.

    Robots have tokens only. Accounts that the identity provider of the organization or of the registry
    created sign in with it alone, so that second factors are its business.
    """
    account = OuterRef(f"{path}user")
    provisioned = ScimUser.objects.filter(
        user=account, organization=OuterRef(f"{path}organization")
    )
    identities = SsoIdentity.objects.filter(
        Q(connection__owner=None)
        | Q(connection__owner__organization=OuterRef(f"{path}organization")),
        user=account,
        is_provisioned=True,
    )
    return (
        Q(**{f"{path}user__has_second_factor": True})
        | Q(**{f"{path}user__robot_of__isnull": False})
        | Q(Exists(provisioned))
        | Q(Exists(identities))
    )
