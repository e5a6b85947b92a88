"""The account behind a token."""

from __future__ import annotations

from typing import Annotated, Any, TypedDict

from plugport.spec.api.values import TOKEN_SCOPES, describe


class Token(TypedDict):
    id: int
    start: Annotated[str, describe("The visible beginning of the text.")]
    name: str
    scopes: Annotated[list[str], describe(f"Some of `{'`, `'.join(TOKEN_SCOPES)}`.")]
    limits: Annotated[
        list[str],
        describe("Plugins, scopes and organizations for which the token is valid; none for all."),
    ]
    networks: Annotated[
        list[str], describe("Networks from which the token is valid; none for all.")
    ]
    expiresAt: str


class ListedToken(Token):
    """A token of the account, as it is listed: without its text."""

    createdAt: str
    lastUsedAt: str | None
    lastUsedAddress: Annotated[str | None, describe("From where it was used then.")]
    parent: Annotated[int | None, describe("The id of the token with which it was created.")]
    isCurrent: Annotated[bool, describe("Whether it is the token of this call.")]
    revokedAt: str | None


class TokenList(TypedDict):
    tokens: list[ListedToken]


class NewToken(ListedToken):
    """A token that was created by this call."""

    token: Annotated[str, describe("The text. It is stored nowhere and never shown again.")]


class Me(TypedDict):
    username: str
    isModerator: bool
    token: Token
    scopes: Annotated[list[str], describe("Plugin scopes that the account owns.")]


class Scope(TypedDict):
    name: str
    owner: str
    createdAt: str


class AuditEvent(TypedDict):
    id: int
    at: str
    action: Annotated[str, describe("A stable code, such as `token.created`.")]
    title: str
    actorKind: Annotated[str, describe("`account`, `robot`, `operator`, `system` or `anonymous`.")]
    actor: Annotated[str, describe("A user name; `deleted-` and a number for a deleted account.")]
    subject: Annotated[str | None, describe("The account that the act concerns.")]
    targetKind: str | None
    target: str | None
    via: Annotated[str | None, describe("`page`, `api`, `admin`, `worker`, or the command.")]
    credential: Annotated[str | None, describe("`token:` and its id, or `session:` and a digest.")]
    address: Annotated[str | None, describe("The IP address; only in entries of one's own acts.")]
    userAgent: str | None
    before: Any
    after: Any
    details: dict[str, Any]


class AuditPage(TypedDict):
    items: list[AuditEvent]
    next: Annotated[int | None, describe("The value of `before` for the next page.")]
