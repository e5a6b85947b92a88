"""Create and edit organizations."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import transaction

from accounts.actions.record_audit_entry import record_audit_entry
from accounts.errors import (
    OrganizationLimitError,
    OrganizationNameError,
    OrganizationRequestError,
)
from accounts.models import Organization, OrganizationMember, OrganizationRole, Owner, User
from accounts.models.organization import DESCRIPTION_CHARS, DISPLAY_NAME_CHARS, WEBSITE_CHARS
from accounts.policies import OrganizationRight, check_is_verified, check_organization_right
from accounts.queries.organizations import lock_organization
from accounts.queries.reserved_prefixes import check_prefix, share_prefixes
from accounts.queries.users import lock_unchanged_account
from accounts.security.organization_session import check_is_personal
from accounts.username_rules import check_new_username, check_username_is_free
from common.name_locks import lock_name
from plugport.spec.errors import FieldError
from plugport.spec.names import fold_part
from plugport.spec.text import has_nul

MAX_OWNED = 10
_LIMITS = {
    "display_name": ("displayName", DISPLAY_NAME_CHARS),
    "description": ("description", DESCRIPTION_CHARS),
    "website": ("website", WEBSITE_CHARS),
}


def create_organization(*, actor: User, name: str, display_name: str = "") -> Organization:
    """Create an organization with the actor as its owner.

    Persons, organizations and scopes share the names. Writes the organization and an audit entry.
    Raises `EmailNotVerifiedError`, `PasswordChangedError`, `OrganizationRequestError`,
    `OrganizationNameError`, `ReservedPrefixError` and `OrganizationLimitError`.
    """
    check_is_personal(actor)
    check_is_verified(actor)
    name = name.strip().removeprefix("@").lower()
    texts = _require_texts({"display_name": display_name})
    try:
        check_new_username(name)
    except ValidationError as error:
        raise _build_name_error(error) from None
    with transaction.atomic():
        # Also the lock that keeps concurrent requests below the limit.
        lock_unchanged_account(actor)
        if actor.is_robot:
            raise OrganizationLimitError("Robots cannot create organizations.")
        owned = actor.organization_memberships.filter(role=OrganizationRole.OWNER).count()
        if owned >= MAX_OWNED:
            raise OrganizationLimitError(
                f"Your account owns {owned} organizations; at most {MAX_OWNED} are allowed.",
                hint="Leave one that you no longer need, or use teams in one organization.",
            )
        share_prefixes()
        check_prefix(actor, name)
        # An account that is being created may have the name.
        lock_name(fold_part(name))
        _check_is_free(name)
        organization = Organization.objects.create(**texts)
        Owner.objects.create(kind=Owner.Kind.ORGANIZATION, name=name, organization=organization)
        OrganizationMember.objects.create(
            organization=organization, user=actor, role=OrganizationRole.OWNER
        )
        record_audit_entry(actor=actor, action="organization.created", target=organization)
    return organization


def edit_organization(*, actor: User, organization: Organization, **changes: str) -> Organization:
    """Set `display_name`, `description` or `website`; returns the organization.

    Writes an audit entry with the values before and after. Raises `OrganizationRightError` and
    `OrganizationRequestError`.
    """
    texts = _require_texts(changes)
    with transaction.atomic():
        locked = lock_organization(organization)
        check_organization_right(actor, locked, OrganizationRight.MANAGE_PROPERTY)
        before = {field: getattr(locked, field) for field in texts}
        for field, text in texts.items():
            setattr(locked, field, text)
        locked.save(update_fields=list(texts))
        record_audit_entry(
            actor=actor,
            action="organization.edited",
            target=locked,
            before=before,
            after=texts,
        )
    return locked


def _check_is_free(name: str) -> None:
    taken = Owner.objects.filter(name=name).first()
    if taken is not None:
        what = "account" if taken.kind == Owner.Kind.PERSON else "organization"
        raise OrganizationNameError(
            f"An {what} has or had the name `{name}`.", hint="Choose another name."
        )
    try:
        check_username_is_free(name)
    except ValidationError as error:
        raise OrganizationNameError(error.messages[0], hint="Choose another name.") from None


def _build_name_error(error: ValidationError) -> OrganizationRequestError:
    return OrganizationRequestError(
        error.messages[0],
        hint="The names of organizations follow the rules of user names.",
        fields=[FieldError("name", error.messages[0])],
    )


def _require_texts(texts: dict[str, str]) -> dict[str, str]:
    """The texts without outer white space. Raises `OrganizationRequestError` for invalid ones."""
    stripped = {field: text.strip() for field, text in texts.items()}
    errors = []
    for field, text in stripped.items():
        title, limit = _LIMITS[field]
        if len(text) > limit or has_nul(text) or not all(map(str.isprintable, text)):
            errors.append(FieldError(title, f"It must have at most {limit} printable characters."))
        elif field == "website" and text and not text.startswith(("https://", "http://")):
            errors.append(FieldError(title, "It must start with `https://` or `http://`."))
    if errors:
        raise OrganizationRequestError("The organization cannot be saved.", fields=errors)
    return stripped
