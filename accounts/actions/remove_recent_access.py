"""Remove the ways into an account that were added shortly before its owner recovers it."""

from __future__ import annotations

import datetime as dt

from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.utils import timezone

from accounts.actions.domains.end_domain import end_domain
from accounts.actions.end_recent_access import end_recent_access
from accounts.actions.record_audit_entry import record_audit_entry
from accounts.actions.sso.sessions import end_identity_sessions
from accounts.hooks.recovery import AddedAccess, run_access_steps
from accounts.models import OwnerDomain, RegisteredIssuer, ScimToken, SsoIdentity, User
from accounts.security.factors import SECOND_ONLY
from plugport.spec.text import quote_text

# As long as a change of the address can be reversed: the time in which an owner notices a thief.
RECENT = dt.timedelta(hours=72)


def remove_recent_access(user: User, recent: dt.timedelta = RECENT) -> AddedAccess:
    """Remove what could give somebody else access and was added lately.

    Links to websites and identity providers, issuers and domains of the person, what it added to
    organizations (`end_recent_access`), and what apps above register. New passkeys need the password as
    well. Returns lines about what was removed, and about what is older or stays. Writes audit entries.
    Call it in a transaction with the account locked.
    """
    since = timezone.now() - recent
    found = AddedAccess([], [])
    own = (_limit_factors, _end_sites, _end_identities, _end_issuers, _end_domains)
    for each in (*own, end_recent_access, _list_tokens):
        found += each(user, since)
    return found + run_access_steps(user, since)


def _limit_factors(user: User, since: dt.datetime) -> AddedAccess:
    """New passkeys sign in alone no longer, until one is used after the new password.

    They are not removed: who only reads the owner's mail must not get past a second factor.
    """
    lines = []
    rows = Authenticator.objects.filter(user=user)
    for factor in rows.exclude(type=Authenticator.Type.RECOVERY_CODES).order_by("pk"):
        is_passkey = factor.type == Authenticator.Type.WEBAUTHN
        name = f"passkey {quote_text(factor.data['name'])}" if is_passkey else "authenticator app"
        line = f"{name}, added {factor.created_at:%Y-%m-%d %H:%M} UTC"
        if factor.created_at >= since and is_passkey:
            factor.data[SECOND_ONLY] = True
            factor.save(update_fields=["data"])
            line += "; only after the password, until you use it once"
        lines.append(line)
    return AddedAccess([], lines)


def _end_sites(user: User, since: dt.datetime) -> AddedAccess:
    found = AddedAccess([], [])
    for link in SocialAccount.objects.filter(user=user).order_by("pk"):
        if found.add(f"sign-in with {link.provider}", link.date_joined, since):
            link.delete()
            site = link.provider
            record_audit_entry(actor=user, action="site.unlinked", target=user, site=site)
    return found


def _end_identities(user: User, since: dt.datetime) -> AddedAccess:
    found = AddedAccess([], [])
    rows = SsoIdentity.objects.filter(user=user, is_provisioned=False).select_related("connection")
    for identity in rows.order_by("pk"):
        name = identity.connection.name
        if found.add(f"single sign-on with {quote_text(name)}", identity.created_at, since):
            end_identity_sessions(identity=identity)
            identity.delete()
            record_audit_entry(actor=user, action="sso.unlinked", target=user, connection=name)
    return found


def _end_issuers(user: User, since: dt.datetime) -> AddedAccess:
    found = AddedAccess([], [])
    for issuer in RegisteredIssuer.objects.filter(owner__user=user).select_related("owner"):
        if found.add(f"issuer of CI jobs {issuer.url}", issuer.created_at, since):
            record_audit_entry(
                actor=user, action="issuer.removed", target=issuer, subject=issuer.owner
            )
            issuer.delete()
    return found


def _end_domains(user: User, since: dt.datetime) -> AddedAccess:
    found = AddedAccess([], [])
    for domain in OwnerDomain.objects.filter(owner__user=user).select_related("owner"):
        if found.add(f"domain {domain.domain}", domain.created_at, since):
            end_domain(domain, by=user)
    return found


def _list_tokens(user: User, _since: dt.datetime) -> AddedAccess:
    """Older SCIM tokens stay with their organization."""
    rows = ScimToken.objects.filter(
        created_by=user, revoked_at=None, expires_at__gt=timezone.now()
    ).select_related("organization__owner")
    return AddedAccess(
        [],
        [
            f"SCIM token {quote_text(token.name)} of {token.organization.name},"
            f" added {token.created_at:%Y-%m-%d %H:%M} UTC"
            for token in rows.order_by("pk")
        ],
    )
