"""Domains of persons and organizations, and their proof by DNS."""

from __future__ import annotations

from typing import Annotated, TypedDict

from msgspec import Meta

from plugport.spec.api.values import DOMAIN_STATES, PROOF_METHODS, describe, one_of


class OwnerDomain(TypedDict):
    domain: Annotated[
        str,
        describe(
            "A domain in lower case, with A-labels: `xn--bcher-kva.example`. Or an account or group of a"
            " code host: `github.com/acme`."
        ),
    ]
    method: Annotated[
        str,
        one_of(PROOF_METHODS),
        describe("A TXT record in DNS, a file in a public repository, or a CI job."),
    ]
    state: Annotated[
        str,
        one_of(DOMAIN_STATES),
        describe(
            "`proven`; `pending` without proof; `failing` while it counts as proven, although the last"
            " check did not find the record."
        ),
    ]
    recordName: Annotated[
        str, describe("The name of the TXT record, or the address of the file, that proves it.")
    ]
    recordValue: str
    problem: Annotated[str, describe("What the last check found; empty if it found the record.")]
    createdAt: str
    verifiedAt: str | None
    checkedAt: str | None
    failedSince: str | None


class Proof(TypedDict):
    """A domain, or an account or group of a code host, that belongs to an owner."""

    name: str
    method: Annotated[str, one_of(PROOF_METHODS)]
    since: str


class OwnerDomainList(TypedDict):
    owner: str
    domains: list[OwnerDomain]


class DomainBody(TypedDict):
    domain: Annotated[str, Meta(min_length=1, max_length=1000)]
