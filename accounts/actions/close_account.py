"""Close an account forever, at the wish of its owner."""

from __future__ import annotations

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.db import transaction

from accounts.actions.domains.end_domain import end_domain
from accounts.actions.erase_audit_identities import erase_audit_identities
from accounts.actions.organizations.people import leave_all_organizations
from accounts.actions.sessions.end_sessions import end_all_sessions
from accounts.actions.tokens.revoke_all_tokens import revoke_all_tokens
from accounts.errors import AccountNeededError
from accounts.mails import notify_owner
from accounts.models import OwnerDomain, SsoIdentity, User
from accounts.queries.organizations import lock_organizations_to_leave
from accounts.queries.users import lock_unchanged_account
from accounts.security.closing import end_rest, list_remaining
from accounts.security.organization_session import check_is_personal


def close_account(*, actor: User, leaves_without_owner: bool = False) -> None:
    """Close the account of the actor and erase what is known about the person. It cannot be undone.

    Published plugins stay. The user name stays reserved, so that nobody can publish in its place.
    Roles, sessions, tokens, factors, the password, the address and the names end, also in the audit
    log, which keeps a pseudonym. Memberships of organizations end as when their member leaves. Raises
    `AccountNeededError` for staff, and if nobody else owns some plugin or scope, unless
    `leaves_without_owner`; `LastOrganizationOwnerError` if an organization would have no owner.
    """
    check_is_personal(actor)
    with transaction.atomic():
        lock_organizations_to_leave(actor)
        lock_unchanged_account(actor)
        _check_may_close(actor, leaves_without_owner)
        # First, as it may refuse. It needs the address, to which there may be invitations.
        leave_all_organizations(actor=actor)
        address = actor.email if actor.is_verified else ""
        end_rest(actor)
        revoke_all_tokens(user=actor, by=actor)
        end_all_sessions(user=actor, by=actor)
        actor.tokens.update(name="deleted", networks=[], last_used_address="")
        for model in (Authenticator, SocialAccount, SsoIdentity, EmailAddress):
            model.objects.filter(user=actor).delete()
        # Another owner may prove them.
        for domain in OwnerDomain.objects.filter(owner__user=actor).select_related("owner"):
            end_domain(domain, by=actor)
        erase_audit_identities(account=actor, actor=actor, action="account.deleted")
        _erase(actor)
    notify_owner("account_closed", address, username=actor.username)


def _check_may_close(actor: User, leaves_without_owner: bool) -> None:
    if actor.is_staff or actor.registry_groups:
        raise AccountNeededError(
            "Accounts with rights of an operator or moderator cannot be deleted by their owner.",
            hint="Ask another operator to take the rights from the account first.",
        )
    remaining = list_remaining(actor)
    if remaining and not leaves_without_owner:
        names = ", ".join(f"`{name}`" for name in remaining[:10])
        more = len(remaining) - 10
        raise AccountNeededError(
            f"You are the last owner of {names}{f' and {more} more' if more > 0 else ''}.",
            hint="Give them to someone else, or leave them without an owner.",
        )


def _erase(user: User) -> None:
    user.set_unusable_password()
    user.email = user.first_name = user.last_name = ""
    user.is_active = user.is_verified = user.has_second_factor = False
    user.last_login = None
    user.save()
