"""The account behind a token."""

from __future__ import annotations

from typing import Annotated, TypedDict

from plugport.spec.api.values import describe


class Token(TypedDict):
    start: str
    name: str
    scopes: list[str]
    limits: Annotated[
        list[str], describe("Plugins and scopes for which the token is valid; none for all.")
    ]
    networks: Annotated[
        list[str], describe("Networks from which the token is valid; none for all.")
    ]
    expiresAt: str


class Me(TypedDict):
    username: str
    isModerator: bool
    token: Token
    scopes: Annotated[list[str], describe("Plugin scopes that the account owns.")]


class Scope(TypedDict):
    name: str
    owner: str
    createdAt: str
