"""Robots of organizations: accounts that are no persons."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection

from django.db import transaction
from django.utils import timezone

from accounts.actions.organizations.teams import check_may_change_team
from accounts.actions.record_audit_entry import (
    Act,
    record_audit_entries,
    record_audit_entry,
)
from accounts.actions.tokens.create_token import create_token
from accounts.actions.tokens.revoke_all_tokens import (
    revoke_all_tokens,
    revoke_tokens_of_robots,
)
from accounts.actions.tokens.revoke_token import end_token
from accounts.actions.tokens.token_request import MAX_DAYS
from accounts.errors import (
    InOrganizationError,
    OrganizationLimitError,
    OrganizationRequestError,
    UnknownTokenError,
)
from accounts.models import (
    Organization,
    OrganizationMember,
    OrganizationRole,
    Token,
    User,
)
from accounts.models.owner import OWNER_NAME_CHARS
from accounts.policies import (
    OrganizationRight,
    check_has_second_factor,
    check_organization_right,
    check_token_may_create,
)
from accounts.queries.organizations import get_robot, list_robots, lock_organization
from accounts.queries.tokens import list_children, lock_usable_token
from accounts.queries.users import lock_unchanged_account
from plugport.spec.errors import FieldError
from plugport.spec.text import quote_text

MAX_ROBOTS = 50
# Shorter than that of people (Harbor): nobody notices a token that a forgotten program keeps.
ROBOT_TOKEN_DAYS = 30
# In the user name of a robot: no name of a person or an organization has it.
SEPARATOR = "+"
# Ids are 64-bit integers in the databases, and larger ones are errors there.
_MAX_ID = 2**63 - 1
_NAME_PATTERN = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,18}[a-z0-9])?\Z")


def create_robot(*, actor: User, organization: Organization, name: str) -> User:
    """Create a robot, named `organization+name`; it gets its rights from teams.

    It has no password and cannot sign in. The name of a deleted robot is not given again. Writes an
    audit entry. Raises `OrganizationRightError`, `OrganizationRequestError`, `InOrganizationError`
    and `OrganizationLimitError`.
    """
    name = name.strip().lower()
    with transaction.atomic():
        locked = lock_organization(organization)
        check_organization_right(actor, locked, OrganizationRight.MANAGE_PEOPLE)
        username = f"{locked.name}{SEPARATOR}{name}"
        if not _NAME_PATTERN.match(name) or len(username) > OWNER_NAME_CHARS:
            detail = (
                f"{quote_text(name)} is not a valid name. Use 1 to 20 characters of a-z, 0-9 and"
                f" `-`; with the name of the organization, at most {OWNER_NAME_CHARS}."
            )
            raise OrganizationRequestError(
                "The robot cannot be created.", fields=[FieldError("name", detail)]
            )
        if User.objects.filter(username=username).exists():
            raise InOrganizationError(
                f"`{locked.name}` has or had a robot `{name}`.", hint="Choose another name."
            )
        count = locked.robots.filter(is_active=True).count()
        if count >= MAX_ROBOTS:
            raise OrganizationLimitError(
                f"`{locked.name}` has {count} robots; at most {MAX_ROBOTS} are allowed."
            )
        robot = User(username=username, robot_of=locked)
        robot.set_unusable_password()
        robot.save(force_insert=True)
        # A membership, so that a robot can be in teams; the role alone has no rights in plugins.
        OrganizationMember.objects.create(
            organization=locked, user=robot, role=OrganizationRole.MEMBER
        )
        _record(actor, locked, "robot.created", robot)
    return robot


def create_robot_token(
    *,
    actor: User,
    organization: Organization,
    robot_name: str,
    name: str,
    scopes: Collection[str],
    limits: Collection[str] = (),
    days: int = ROBOT_TOKEN_DAYS,
    creator: Token | None = None,
) -> tuple[Token, str]:
    """Create a token of a robot; returns it with its text, which is not stored anywhere.

    Where publishing needs a second factor, the actor has one instead of the robot. `creator` is the
    token with which the actor makes the request: the new one can do no more, and lives no longer. Writes audit entries of the actor and of the robot. Raises `OrganizationRightError`,
    `UnknownRobotError`, `MfaRequiredError`, `PasswordChangedError`, `TokenScopeError`, `InvalidTokenError`
    if `creator` was revoked meanwhile, and `TokenRequestError`.
    """
    if not {"publish", "manage"}.isdisjoint(scopes):
        check_has_second_factor(actor, creator)
    if creator is not None:
        expires_at = timezone.now() + dt.timedelta(days=min(days, MAX_DAYS))
        check_token_may_create(creator, scopes, limits, (), expires_at)
    with transaction.atomic():
        locked = lock_organization(organization)
        lock_unchanged_account(actor)
        if creator is not None:
            # A leaked one ends with what it created, which must not appear afterwards.
            lock_usable_token(creator)
        check_organization_right(actor, locked, OrganizationRight.MANAGE_PEOPLE)
        robot = get_robot(locked, robot_name)
        _check_may_hold_token(actor, locked, robot)
        token, text = create_token(
            actor=robot, name=name, scopes=scopes, limits=limits, days=days, is_by_operator=True
        )
        record_audit_entry(
            actor=actor,
            action="robot.token-created",
            target=locked,
            subject=robot,
            token=str(token),
        )
    return token, text


def rotate_robot_token(
    *,
    actor: User,
    organization: Organization,
    robot_name: str,
    token_id: int,
    creator: Token | None = None,
) -> tuple[Token, str]:
    """Revoke a token of a robot and create one with its name, scopes, limits, networks and lifetime.

    Returns it with its text. An expired one can be replaced too. Otherwise as `create_robot_token`.
    Raises `UnknownTokenError` besides.
    """
    with transaction.atomic():
        # Before the account, and that before the token, which a recovery of the account revokes.
        lock_organization(organization)
        lock_unchanged_account(actor)
        if creator is not None:
            lock_usable_token(creator)
        robot, former = _get_robot_token(actor, organization, robot_name, token_id)
        if not {"publish", "manage"}.isdisjoint(former.scopes):
            check_has_second_factor(actor, creator)
        lifetime = former.expires_at - former.created_at
        days = max(1, min(MAX_DAYS, round(lifetime.total_seconds() / 86_400)))
        if creator is not None:
            expires_at = timezone.now() + dt.timedelta(days=days)
            check_token_may_create(
                creator, former.scopes, former.limits, former.networks, expires_at
            )
        _check_may_hold_token(actor, organization, robot)
        _end_with_children(former, by=actor)
        token, text = create_token(
            actor=robot,
            name=former.name,
            scopes=former.scopes,
            limits=former.limits,
            networks=former.networks,
            days=days,
            is_by_operator=True,
        )
        record_audit_entry(
            actor=actor,
            action="robot.token-created",
            target=organization,
            subject=robot,
            token=str(token),
            replaces=str(former),
        )
    return token, text


def revoke_robot_token(
    *, actor: User, organization: Organization, robot_name: str, token_id: int
) -> Token:
    """Revoke a token of a robot, and with it those that it created; returns it.

    Writes audit entries. Raises `OrganizationRightError`, `UnknownRobotError` and `UnknownTokenError`.
    """
    with transaction.atomic():
        _, token = _get_robot_token(actor, organization, robot_name, token_id)
        _end_with_children(token, by=actor)
    return token


def _get_robot_token(
    actor: User, organization: Organization, robot_name: str, token_id: int
) -> tuple[User, Token]:
    """The robot and its token, locked, for owners and managers."""
    locked = lock_organization(organization)
    check_organization_right(actor, locked, OrganizationRight.MANAGE_PEOPLE)
    robot = get_robot(locked, robot_name)
    # Locked, so that two requests at the same time create one token.
    rows = Token.objects.select_for_update(of=("self",), no_key=True).filter(user=robot)
    is_id = 0 < token_id <= _MAX_ID
    token = rows.filter(pk=token_id, revoked_at=None).first() if is_id else None
    if token is None:
        raise UnknownTokenError(f"`{robot.username}` has no such token.")
    return robot, token


def _end_with_children(token: Token, *, by: User) -> None:
    for each in (token, *list_children(token)):
        end_token(each, by=by)


def delete_robot(*, actor: User, organization: Organization, robot_name: str) -> User:
    """Close a robot: its tokens are revoked and its rights end at once. Its trail stays.

    Writes audit entries. Raises `OrganizationRightError` and `UnknownRobotError`.
    """
    with transaction.atomic():
        locked = lock_organization(organization)
        check_organization_right(actor, locked, OrganizationRight.MANAGE_PEOPLE)
        robot = get_robot(locked, robot_name)
        robot.is_active = False
        robot.save(update_fields=["is_active"])
        revoke_all_tokens(user=robot, by=actor)
        robot.organization_memberships.all().delete()
        _record(actor, locked, "robot.deleted", robot)
    return robot


def delete_all_robots(*, actor: User, organization: Organization) -> None:
    """Close the robots of an organization that ends, as `delete_robot` does, in a fixed number of queries.

    Call it with the organization locked.
    """
    robots = list_robots(organization)
    organization.robots.filter(is_active=True).update(is_active=False)
    revoke_tokens_of_robots(robots, by=actor)
    organization.memberships.filter(user__in=[each.pk for each in robots]).delete()
    record_audit_entries(
        actor=actor, acts=[Act("robot.deleted", organization, each) for each in robots]
    )


def _check_may_hold_token(actor: User, organization: Organization, robot: User) -> None:
    """A manager must not get the rights of owners with the token of a robot."""
    for team in organization.teams.filter(members__member__user=robot):
        team.organization = organization
        check_may_change_team(actor, team)


def _record(actor: User, organization: Organization, action: str, robot: User) -> None:
    record_audit_entry(actor=actor, action=action, target=organization, subject=robot)
