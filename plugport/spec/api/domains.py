"""Domains of persons and organizations, and their proof by DNS."""

from __future__ import annotations

from typing import Annotated, TypedDict

from msgspec import Meta

from plugport.spec.api.values import DOMAIN_STATES, describe, one_of


class OwnerDomain(TypedDict):
    domain: Annotated[str, describe("In lower case, with A-labels: `xn--bcher-kva.example`.")]
    state: Annotated[
        str,
        one_of(DOMAIN_STATES),
        describe(
            "`proven`; `pending` without proof; `failing` while it counts as proven, although the last"
            " check did not find the record."
        ),
    ]
    recordName: Annotated[str, describe("The name of the TXT record that proves the domain.")]
    recordValue: str
    problem: Annotated[str, describe("What the last check found; empty if it found the record.")]
    createdAt: str
    verifiedAt: str | None
    checkedAt: str | None
    failedSince: str | None


class OwnerDomainList(TypedDict):
    owner: str
    domains: list[OwnerDomain]


class DomainBody(TypedDict):
    domain: Annotated[str, Meta(min_length=1, max_length=1000)]
