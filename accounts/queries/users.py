"""Reads of accounts."""

from __future__ import annotations

from django.conf import settings
from django.db.models import F, QuerySet
from django.db.models.functions import Lower

from accounts.errors import PasswordChangedError, UnknownUserError
from accounts.models import User
from accounts.security.verification_keys import is_verification_key, parse_account_id
from common.name_locks import lock_name

# Bounds a mail, and the work for one: accounts that are not verified can share an address.
_MAX_RECOVERABLE = 10


def get_user(username: str) -> User:
    """The account with that name, active or not: 1 query. Raises `UnknownUserError`."""
    user = User.objects.filter(username=username).first()
    if user is None:
        raise UnknownUserError(
            f"No account is named `{username[:64]}`.",
            hint="Check the spelling of the user name.",
        )
    return user


def get_open_user(username: str) -> User:
    """The account with that name, if it is neither closed nor suspended: 1 query. Raises `UnknownUserError`."""
    user = get_user(username)
    if not user.is_active:
        raise UnknownUserError(f"The account `{user.username}` is closed or suspended.")
    return user


def _filter_by_email(email: str) -> QuerySet[User]:
    # The same expression as in the index of the table.
    return User.objects.annotate(email_lower=Lower("email")).filter(email_lower=email.lower())


def find_sign_in_account(login: str) -> User | None:
    """The account, active or not, of a user name or a verified address: 1 query.

    An address that is not verified signs nobody in: its account would prevent the owner of the
    address from signing in, and would show to its own creator that no other account has the address.
    """
    if "@" not in login:
        return User.objects.filter(username=login.lower(), robot_of=None).first()
    return _filter_by_email(login).filter(is_verified=True).order_by("id").first()


def find_decoy_password(text: str) -> str | None:
    """The password hash of the first account whose name follows the text, or None: 1 query.

    A new account changes the result for a text at most to its own hash.
    """
    rows = User.objects.filter(username__gt=text).order_by("username")
    return rows.values_list("password", flat=True).first()


def list_recoverable_accounts(email: str) -> list[User]:
    """The active accounts whose password a mail to the address can reset: 1 query.

    The verified ones; if there are none, the ten that signed in last. Not those that an identity
    provider created: a password would be a way around the identity provider. Nor those with lapsed addresses.
    """
    rows = _filter_by_email(email)
    if not settings.LOCAL_PASSWORDS:
        rows = rows.filter(break_glass__isnull=False)
    accounts = list(
        rows.filter(is_active=True)
        .exclude(sso_identities__is_provisioned=True)
        .filter(scim_users=None)
        # Who registers the domain of a lapsed address receives its mail.
        .exclude(is_verified=False, lapsed_address__email__iexact=F("email"))
        .order_by("-is_verified", "-last_login", "id")[:_MAX_RECOVERABLE]
    )
    return [user for user in accounts if user.is_verified] or accounts


def find_address_owner(user: User) -> User | None:
    """Another account that has verified the user's address, or None: 1 query."""
    others = _filter_by_email(user.email).filter(is_verified=True).exclude(pk=user.pk)
    return others.order_by("id").first()


def lock_address(email: str) -> None:
    """Hold the lock of the address until the transaction ends: 1 query on PostgreSQL.

    For all who verify an address, before they call `find_address_owner`: two accounts must not have one
    verified address, not even two that are created at the same time.
    """
    lock_name(f"address:{email.lower()}")


def lock_accounts_of_address(email: str) -> None:
    """`lock_address`, and lock the rows of all accounts with it: 1 query, 2 on PostgreSQL."""
    lock_address(email)
    list(_filter_by_email(email).select_for_update().order_by("pk").values_list("pk"))


def lock_account(user: User) -> None:
    """Lock the row of the account until the transaction ends: 1 query. See `lock_unchanged_account`."""
    User.objects.select_for_update(no_key=True).get(pk=user.pk)


def lock_unchanged_account(user: User) -> None:
    """Lock the row of an account that was loaded earlier, until the transaction ends: 1 query.

    What was checked since then, such as the old password or the key of a mail, must still hold: a thief
    may send a request at the moment in which the owner recovers the account. Raises
    `PasswordChangedError` if the password or the address differs.
    """
    # `no_key`: rows that refer to the account, such as audit entries, are written meanwhile by
    # transactions that hold a lock for which this one waits.
    current = User.objects.select_for_update(no_key=True).get(pk=user.pk)
    if (current.password, current.email) != (user.password, user.email):
        raise PasswordChangedError(
            "The password or the address of your account was changed.", hint="Sign in again."
        )


def find_account_of_key(key: str) -> User | None:
    """The account for which the key of a verification mail is valid: at most 1 query."""
    account_id = parse_account_id(key)
    user = None if account_id is None else User.objects.filter(pk=account_id).first()
    return user if user is not None and is_verification_key(user, key) else None


def find_superuser() -> User | None:
    """The oldest superuser, None if there is none: 1 query."""
    return User.objects.filter(is_superuser=True).order_by("id").first()
