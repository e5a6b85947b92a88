"""Create an API token."""

from __future__ import annotations

from collections.abc import Collection

from django.db import transaction

from accounts.actions.record_audit_entry import record_audit_entry
from accounts.actions.tokens.token_request import DEFAULT_DAYS, TokenRequest, parse_token_request
from accounts.errors import TokenRequestError
from accounts.mails import build_url, notify_owner
from accounts.models import Token, User
from accounts.models.token import NOTICE_BEFORE, START_CHARS, hash_token
from accounts.policies import check_has_second_factor, check_is_verified, check_token_may_create
from accounts.queries.tokens import list_tokens, lock_usable_token
from accounts.queries.users import lock_unchanged_account
from accounts.security.organization_session import check_is_personal
from plugport.spec.text import quote_text
from plugport.spec.token_text import generate_token_text

# Bounds the table and the account page against a script that never revokes its tokens.
MAX_TOKENS = 1000
# What changes plugins.
SCOPES_OF_PUBLISHERS = frozenset({"publish", "manage"})


def create_token(
    *,
    actor: User,
    name: str,
    scopes: Collection[str],
    limits: Collection[str] = (),
    networks: Collection[str] = (),
    days: int = DEFAULT_DAYS,
    creator: Token | None = None,
    is_by_operator: bool = False,
) -> tuple[Token, str]:
    """Create a token for the actor; returns it with its text, which is not stored anywhere.

    `creator` is the token with which the actor makes the request. The new token cannot do more, and
    does not live longer; the owner gets a mail about it. With `is_by_operator`, or if that holds for
    `creator`, the token publishes although the account has no second factor. Writes the token and an audit entry. Raises
    `EmailNotVerifiedError`, `MfaRequiredError`, `PasswordChangedError`, `TokenScopeError`, `InvalidTokenError` if `creator`
    was revoked meanwhile, and `TokenRequestError` with all invalid fields.
    """
    check_is_personal(actor)
    check_is_verified(actor)
    request = parse_token_request(
        actor=actor, name=name, scopes=scopes, limits=limits, networks=networks, days=days
    )
    if creator is not None:
        check_token_may_create(
            creator, request.scopes, request.limits, request.networks, request.expires_at
        )
    needs_no_factor = is_by_operator or (creator is not None and creator.needs_no_factor)
    if not needs_no_factor and not SCOPES_OF_PUBLISHERS.isdisjoint(request.scopes):
        check_has_second_factor(actor)
    # Not locked: concurrent requests can exceed the limit by a few tokens, which does no harm.
    if list_tokens(actor).count() >= MAX_TOKENS:
        raise TokenRequestError(
            f"An account can have at most {MAX_TOKENS} tokens.",
            hint="Revoke tokens that you no longer use.",
        )
    with transaction.atomic():
        # The session of a thief may be older than a password reset that commits now, which revokes
        # only the tokens that exist.
        lock_unchanged_account(actor)
        if creator is not None:
            lock_usable_token(creator)
        token, text = store_token(
            user=actor, request=request, parent=creator, needs_no_factor=needs_no_factor
        )
        record_audit_entry(
            actor=actor,
            action="token.created",
            target=token,
            scopes=token.scopes,
            limits=token.limits,
            # Their number: an address at home cannot stay in the log when the account is deleted.
            networks=len(token.networks),
            parent=None if creator is None else creator.abbreviation,
        )
    if creator is not None:
        _notify_owner(token, creator)
    return token, text


def _notify_owner(token: Token, creator: Token) -> None:
    # A thief could otherwise keep access with a second token when the first is revoked.
    notify_owner(
        "token_created",
        token.user.email,
        user=token.user,
        name=quote_text(token.name),
        start=token.start,
        creator=f"{quote_text(creator.name)} ({creator.start}…)",
        tokens_url=build_url("tokens"),
    )


def store_token(
    *,
    user: User,
    request: TokenRequest,
    parent: Token | None = None,
    needs_no_factor: bool = False,
) -> tuple[Token, str]:
    """Store a token and return it with its text. Checks nothing and writes no audit entry."""
    text = generate_token_text()
    token = Token(
        user=user,
        name=request.name,
        start=text[:START_CHARS],
        sha256=hash_token(text),
        scopes=request.scopes,
        limits=request.limits,
        networks=request.networks,
        parent=parent,
        needs_no_factor=needs_no_factor,
        expires_at=request.expires_at,
    )
    mail_at = request.expires_at - NOTICE_BEFORE
    # Who selects a lifetime shorter than that needs no reminder.
    token.expiry_mail_at = mail_at if mail_at > token.created_at else None
    token.save()
    return token, text
