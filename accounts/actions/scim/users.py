"""Users: what an identity provider creates, changes and deletes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.utils import timezone
from scim2_models import (
    Context,
    MutabilityException,
    TooManyException,
    UniquenessException,
)

from accounts.actions.record_audit_entry import Act, record_audit_entries
from accounts.actions.scim.memberships import (
    ACTOR,
    begin_membership,
    end_membership,
    is_closed_for_ever,
    join_organization,
)
from accounts.actions.sso.account_names import give_free_name
from accounts.models import Organization, ScimGroup, ScimUser, Suspension, User
from accounts.models.scim import MAX_EMAILS
from accounts.queries.domains import has_proven_domain, list_proven_domains
from accounts.queries.organizations import lock_organization
from accounts.queries.scim import Admission, bump_groups, get_admission
from accounts.queries.scim_resources import check_version, get_scim_user
from accounts.queries.users import find_address_owner, lock_address
from accounts.sso.scim.keys import build_key
from accounts.sso.scim.representations import build_user_resource
from accounts.sso.scim.resources import (
    USER_PATCH,
    apply_patch,
    check_loose_texts,
    parse_patch_op,
    parse_resource,
)
from accounts.sso.scim.resources import User as UserResource

MAX_USERS = 20_000
# Without a proven domain, anybody who creates an organization could take any number of user names.
MAX_UNPROVEN_USERS = 500
_CONFLICT = "A user of this organization has the same `userName` or `externalId`."


def create_scim_user(*, organization: Organization, document: Any) -> ScimUser:
    """Create a user with an account that is a member; returns it.

    An account that exists is never taken over: the new one gets a name that is free. Raises
    `SCIMException`, `UniquenessException` among them.
    """
    resource = _parse(document, Context.RESOURCE_CREATION_REQUEST)
    row = ScimUser()
    _set_values(row, _read_values(resource))
    row.is_active = resource.active is not False
    try:
        with transaction.atomic():
            # Creations of one organization run one after the other: each sees the names of the others.
            row.organization = locked = lock_organization(organization)
            address = _select_address(row)
            if address:
                lock_address(address)
            admission = get_admission(row, address)
            _check_admission(locked, admission)
            acts = [_create_account(row, address if admission.is_address_free else "")]
            if row.is_active:
                acts.append(join_organization(locked, row))
            row.save(force_insert=True)
            acts.append(_describe(locked, row, "scim-user.created", active=row.is_active))
            record_audit_entries(actor=ACTOR, acts=acts)
    except IntegrityError:
        raise UniquenessException(detail=_CONFLICT) from None
    return row


def replace_scim_user(
    *, organization: Organization, public_id: str, document: Any, if_match: str
) -> tuple[ScimUser, list[ScimGroup]]:
    """Replace the attributes of a user; returns it with its groups.

    Without `active` it stays as it is. Raises `SCIMException` and `LastOrganizationOwnerError`.
    """
    resource = _parse(document, Context.RESOURCE_REPLACEMENT_REQUEST)
    with transaction.atomic():
        locked = lock_organization(organization)
        row, groups = get_scim_user(locked, public_id)
        check_version(row, if_match)
        _check_id(resource.id, row)
        _apply(locked, row, resource)
    return row, groups


def patch_scim_user(
    *, organization: Organization, public_id: str, document: Any, if_match: str
) -> tuple[ScimUser, list[ScimGroup]]:
    """Change the attributes of a user; returns it with its groups.

    Raises `SCIMException` and `LastOrganizationOwnerError`.
    """
    message = parse_patch_op(USER_PATCH, document)
    with transaction.atomic():
        locked = lock_organization(organization)
        row, groups = get_scim_user(locked, public_id)
        check_version(row, if_match)
        resource = build_user_resource(row)
        apply_patch(message, resource)
        # Again, because the values of operations are checked one by one.
        values = resource.model_dump(scim_ctx=None)
        resource = _parse(values, Context.DEFAULT)
        _apply(locked, row, resource)
    return row, groups


def delete_scim_user(*, organization: Organization, public_id: str, if_match: str) -> None:
    """Delete a user. Its membership ends; its account is closed, and its names erased.

    The user name stays reserved, as that of every closed account. Raises `SCIMException` and
    `LastOrganizationOwnerError`.
    """
    with transaction.atomic():
        locked = lock_organization(organization)
        row, groups = get_scim_user(locked, public_id)
        check_version(row, if_match)
        end_membership(locked, row)
        # A suspension stays: single sign-on must not lead its person to another account.
        Suspension.objects.filter(user=row.user_id).update(is_final=True)
        User.objects.filter(pk=row.user_id).update(
            email="", first_name="", last_name="", is_verified=False
        )
        _record(locked, row, "scim-user.deleted")
        bump_groups([group.pk for group in groups])
        row.delete()


def _parse(document: Any, context: Context) -> UserResource:
    resource = parse_resource(UserResource, document, context)
    check_loose_texts(resource)
    return resource


def _check_id(given: str | None, row: ScimUser) -> None:
    if given is not None and given != row.public_id:
        raise MutabilityException(attribute="id", detail="`id` cannot be changed.")


def _read_values(resource: UserResource) -> dict[str, Any]:
    """The columns of the row that follow from the resource."""
    name = resource.name
    emails = [
        {
            key: value
            for key, value in (
                ("value", email.value),
                ("type", str(email.type) if email.type else None),
                ("display", email.display),
                ("primary", email.primary),
            )
            if value is not None
        }
        for email in (resource.emails or ())[:MAX_EMAILS]
        if email.value
    ]
    lines = [
        f"{build_key(str(each.get('type', '')))} {build_key(str(each['value']))}\n"
        for each in emails
    ]
    return {
        "external_id": resource.external_id or "",
        "user_name": resource.user_name or "",
        "user_name_key": build_key(resource.user_name or ""),
        "display_name": resource.display_name or "",
        "display_key": build_key(resource.display_name or ""),
        "given_key": build_key((name and name.given_name) or ""),
        "family_key": build_key((name and name.family_name) or ""),
        "name": name.model_dump(exclude_none=True) if name else {},
        "emails": emails,
        "email_keys": "\n" + "".join(lines) if lines else "",
    }


def _set_values(row: ScimUser, values: Mapping[str, Any]) -> list[str]:
    """Set the columns; returns the names of those that changed."""
    changed = [name for name, value in values.items() if getattr(row, name) != value]
    for name in changed:
        setattr(row, name, values[name])
    return changed


def _apply(organization: Organization, row: ScimUser, resource: UserResource) -> None:
    was_active = row.is_active
    changed = _set_values(row, _read_values(resource))
    if resource.active is not None:
        row.is_active = resource.active
    if not changed and row.is_active == was_active:
        return
    row.version += 1
    row.modified_at = timezone.now()
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError:
        raise UniquenessException(detail=_CONFLICT) from None
    if changed:
        _update_account(row, changed)
        attributes = sorted({name.removesuffix("_key").removesuffix("_keys") for name in changed})
        _record(organization, row, "scim-user.changed", attributes=attributes)
    if row.is_active == was_active:
        return
    acts = []
    if row.is_active:
        _open_account(row)
        acts = begin_membership(organization, row)
    else:
        end_membership(organization, row)
    row.save(update_fields=["has_closed"])
    action = "scim-user.opened" if row.is_active else "scim-user.closed"
    record_audit_entries(actor=ACTOR, acts=[_describe(organization, row, action), *acts])


def _open_account(row: ScimUser) -> None:
    """Open the account, if SCIM closed it. A suspended one stays so until a moderator ends that.

    Raises `MutabilityException` for an account that its owner or an operator closed.
    """
    # As `suspend_account` locks it.
    user = User.objects.select_for_update(no_key=True).get(pk=row.user_id)
    if is_closed_for_ever(user, row):
        raise MutabilityException(
            attribute="active",
            detail="The account of this user is closed forever. Delete the user, and create it again.",
        )
    if not row.has_closed:
        return
    row.has_closed = False
    if not Suspension.objects.filter(user=user).exists():
        User.objects.filter(pk=user.pk).update(is_active=True)


def _check_admission(organization: Organization, admission: Admission) -> None:
    """Raise `UniquenessException` for a name that is taken, and `TooManyException`: at most 1 query."""
    if admission.is_taken:
        raise UniquenessException(detail=_CONFLICT)
    count = admission.user_count
    if count < MAX_UNPROVEN_USERS:
        return
    if not admission.is_address_proven and not list_proven_domains(organization.owner):
        raise TooManyException(
            detail=f"An organization without a proven domain can have {MAX_UNPROVEN_USERS} users."
            " An owner proves a domain in the settings of the organization."
        )
    if count >= MAX_USERS:
        raise TooManyException(
            detail=f"The organization has {MAX_USERS} users; more are not allowed."
        )


def _create_account(row: ScimUser, address: str) -> Act:
    """The account of a new user, without a password. It is closed if the user is not active.

    `address` is verified, or empty.
    """
    row.user = user = User(email=address, is_verified=bool(address), is_active=row.is_active)
    row.has_closed = not row.is_active
    user.set_unusable_password()
    _set_names(user, row)
    # The name of the person helps if that at the provider has no letters of the alphabet.
    give_free_name(user, (row.user_name, row.display_name), organization=row.organization)
    user.save(force_insert=True)
    return Act("account.created", user)


def _set_names(user: User, row: ScimUser) -> None:
    user.first_name = row.name.get("givenName", "")[:150]
    user.last_name = row.name.get("familyName", "")[:150]


def _select_address(row: ScimUser) -> str:
    """The address that the account can have, empty if there is none."""
    emails = sorted(row.emails, key=lambda each: not each.get("primary"))
    address = str(emails[0]["value"]) if emails else ""
    try:
        validate_email(address)
    except ValidationError:
        return ""
    return address


def _set_address(user: User, row: ScimUser) -> None:
    """Give the account the address, verified, if the organization has proven its domain.

    Without that, the organization says nothing about who reads its mails, and the account has no
    address. Nor if another account has verified it: that account stays as it is.
    """
    user.email, user.is_verified = "", False
    address = _select_address(row)
    if not has_proven_domain(row.organization.owner, address.rpartition("@")[2]):
        return
    lock_address(address)
    user.email = address
    user.is_verified = find_address_owner(user) is None
    if not user.is_verified:
        user.email = ""


def _update_account(row: ScimUser, changed: list[str]) -> None:
    # What is known about a person is erased from a closed account.
    if is_closed_for_ever(row.user, row):
        return
    fields = []
    if "name" in changed:
        _set_names(row.user, row)
        fields += ["first_name", "last_name"]
    if "emails" in changed:
        _set_address(row.user, row)
        fields += ["email", "is_verified"]
    if fields:
        row.user.save(update_fields=fields)


def _record(organization: Organization, row: ScimUser, action: str, **details: Any) -> None:
    record_audit_entries(actor=ACTOR, acts=[_describe(organization, row, action, **details)])


def _describe(organization: Organization, row: ScimUser, action: str, **details: Any) -> Act:
    # The account and the id: the names of people must not be in the log.
    return Act(action, organization, row.user, details={"resource": row.public_id, **details})
