"""Revoke tokens that were found in public."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import groupby

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.actions.tokens.end_scim_token import end_scim_token
from accounts.actions.tokens.revoke_token import end_token
from accounts.errors import LeakReportReplayedError
from accounts.mails import build_url, notify_owner
from accounts.models import Organization, ScimToken, Token, UsedAssertion, User
from accounts.models.token import hash_token
from accounts.queries.organizations import list_owner_accounts
from accounts.queries.scim import list_scim_tokens_to_end
from accounts.queries.tokens import list_created_for_robots
from accounts.security.leak_reports import Leak
from plugport.spec.text import quote_text
from plugport.spec.token_text import is_token_text

# A report has no time. Later, it would find the tokens revoked.
_REMEMBERED = dt.timedelta(days=366)
_MAX_URL_CHARS = 300


def revoke_leaked_tokens(*, body: bytes, source: str, leaks: Sequence[Leak]) -> list[bool]:
    """Revoke the tokens of a verified report, and those that they created, also of robots; SCIM tokens too.

    Returns for each leak whether it is a token of this registry, also one that was revoked before.
    Writes an audit entry for each revocation, and sends each owner one mail, and the owners of an
    organization one about its SCIM tokens and one about those of its robots. Raises `LeakReportReplayedError` for a report that was
    processed before.
    """
    hashes = [hash_token(leak.text) if is_token_text(leak.text) else "" for leak in leaks]
    with transaction.atomic():
        _record_report(body)
        rows = Token.objects.select_related("user__robot_of__owner").filter(
            sha256__in={*hashes} - {""}
        )
        # Locked: a token that is created with one of them at this moment would not be among its children.
        rows = rows.select_for_update(of=("self",), no_key=True).order_by("pk")
        tokens = {token.sha256: token for token in rows}
        ended: list[tuple[User, str]] = []
        of_robots: list[tuple[Organization, str]] = []
        for leak, sha256 in zip(leaks, hashes, strict=True):
            token = tokens.get(sha256)
            if token is None:
                continue
            # A token that was revoked alone has left those that it created, perhaps for a thief.
            usable = [each for each in (token, *token.children.all()) if each.is_usable()]
            if usable and token.user.robot_of is not None:
                line = f"{_describe(token, leak, source)}, of the robot {token.user.username}"
                of_robots.append((token.user.robot_of, line))
            elif usable:
                ended.append((token.user, _describe(token, leak, source)))
            for each in usable:
                end_token(each, by=None, reason="leaked", source=source, url=leak.url)
        found = dict(zip(hashes, leaks, strict=True))
        of_robots += _end_created_for_robots(tokens.values(), found, source)
        scim_hashes = {each for each in hashes if each and each not in tokens}
        scim_tokens = list_scim_tokens_to_end(scim_hashes)
        ended_scim = _end_scim_tokens(scim_tokens, found, source)
    _notify_owners(ended)
    _notify_organizations(ended_scim, "scim_tokens_leaked", "organization-provisioning")
    _notify_organizations(of_robots, "robot_tokens_leaked", "organization-robots")
    known = {*tokens, *(token.sha256 for token in scim_tokens)}
    return [sha256 in known for sha256 in hashes]


def _end_created_for_robots(
    creators: Collection[Token], leaks: Mapping[str, Leak], source: str
) -> list[tuple[Organization, str]]:
    """End what a thief may have created with a leaked token of a person, to keep the access."""
    ended = []
    for creator, token in list_created_for_robots(creators):
        leak, organization = leaks[creator.sha256], token.user.robot_of
        usable = [each for each in (token, *token.children.all()) if each.is_usable()]
        for each in usable:
            end_token(each, by=None, reason="leaked", source=source, url=leak.url)
        if usable and organization is not None:
            name = f"{quote_text(token.name)} ({token.start}…), of the robot {token.user.username}"
            creator_name = f"a token of {creator.user.username}: {_describe(creator, leak, source)}"
            ended.append((organization, f"{name}, created with {creator_name}"))
    return ended


def _end_scim_tokens(
    tokens: Iterable[ScimToken], leaks: Mapping[str, Leak], source: str
) -> list[tuple[Organization, str]]:
    ended = []
    for token in tokens:
        if token.is_usable():
            leak = leaks[token.sha256]
            end_scim_token(token, by=None, reason="leaked", source=source, url=leak.url)
            ended.append((token.organization, _describe(token, leak, source)))
    return ended


def _notify_owners(ended: list[tuple[User, str]]) -> None:
    ended.sort(key=lambda each: each[0].pk)
    for user, group in groupby(ended, key=lambda each: each[0]):
        notify_owner(
            "tokens_leaked",
            user.email,
            user=user,
            tokens=[line for _, line in group],
            tokens_url=build_url("tokens"),
        )


def _notify_organizations(ended: list[tuple[Organization, str]], template: str, page: str) -> None:
    """One mail to each owner of each organization: 1 query for each organization."""
    ended.sort(key=lambda each: each[0].pk)
    for organization, group in groupby(ended, key=lambda each: each[0]):
        lines = [line for _, line in group]
        for owner in list_owner_accounts(organization):
            notify_owner(
                template,
                owner.email,
                organization=organization.owner.name,
                tokens=lines,
                tokens_url=build_url(page, name=organization.owner.name),
            )


def _record_report(body: bytes) -> None:
    # The body and not its signature, of which ECDSA has several for one body.
    sha256 = hashlib.sha256(b"leak report:" + body).hexdigest()
    try:
        with transaction.atomic():
            UsedAssertion.objects.create(sha256=sha256, expires_at=timezone.now() + _REMEMBERED)
    except IntegrityError:
        raise LeakReportReplayedError("This report was processed before.") from None


def _describe(token: Token | ScimToken, leak: Leak, source: str) -> str:
    # Quoted: the person who published the token may have chosen the address.
    place = quote_text(leak.url, _MAX_URL_CHARS) if leak.url else "an address that was not reported"
    return f"{quote_text(token.name)} ({token.start}…), found by {source} at {place}"
