"""Which memberships in organizations count for what an account does now."""

from __future__ import annotations

from django.db.models import OuterRef, Q

from accounts.models import User


def build_membership_condition(user: User | OuterRef, path: str = "") -> Q:
    """Select the memberships of the user that count, in the query that the caller runs anyway.

    `path` leads from the row to memberships. In a session of an organization's single sign-on, only
    the membership in that organization counts. `user` may be a column of the row.
    """
    condition = Q(**{f"{path}user": user})
    if isinstance(user, User) and user.session_of is not None:
        condition &= Q(**{f"{path}organization": user.session_of})
    return condition
