"""Request bodies. `validation.validate_body` checks a body against its declaration."""

from __future__ import annotations

from typing import Annotated, NotRequired, TypedDict

from msgspec import Meta

from plugport.spec.api.values import (
    CI_PROVIDERS,
    CLAIM_ANSWERS,
    CLAIM_KINDS,
    MAX_CLAIM_CHARS,
    MAX_CLAIM_LINKS,
    MAX_LINK_CHARS,
    MAX_MESSAGE_CHARS,
    MIN_CLAIM_CHARS,
    ROLES,
    TOKEN_SCOPES,
    VISIBILITIES,
    describe,
)

_SLUG_PATTERN = r"^[a-z0-9](?:[a-z0-9-]{0,58}[a-z0-9])?$"
_Slug = Annotated[str, Meta(min_length=1, pattern=_SLUG_PATTERN)]
_Link = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=MAX_LINK_CHARS,
        pattern="^https?://",
        extra_json_schema={"format": "uri"},
    ),
]


class RepositoryBody(TypedDict):
    url: _Link
    type: NotRequired[Annotated[str, Meta(min_length=1, max_length=20)]]
    directory: NotRequired[Annotated[str, Meta(min_length=1, max_length=200)] | None]


class MetadataBody(TypedDict, total=False):
    """The fields an author may edit; null restores the value of the manifest."""

    displayName: Annotated[str, Meta(min_length=1, max_length=200)] | None
    description: Annotated[str, Meta(min_length=1, max_length=2000)] | None
    homepage: _Link | None
    repository: RepositoryBody | None
    categories: Annotated[list[_Slug], Meta(max_length=5)] | None
    tags: Annotated[list[_Slug], Meta(max_length=20)] | None


class DeprecateBody(TypedDict):
    message: Annotated[str, Meta(min_length=1, max_length=MAX_MESSAGE_CHARS)]
    replacement: NotRequired[
        Annotated[str, Meta(max_length=130, extra_json_schema={"format": "plugin-name"})]
    ]


class ApprovalBody(TypedDict, total=False):
    sha256: Annotated[
        str,
        Meta(
            pattern="^[0-9a-f]{64}$",
            description="Of the package that was reviewed. Another one with the same version is not approved.",
        ),
    ]


class YankBody(TypedDict, total=False):
    reason: Annotated[str, Meta(max_length=MAX_MESSAGE_CHARS)]


class ScopeBody(TypedDict):
    name: Annotated[
        str, Meta(min_length=1, max_length=64, description="The scope, without the `@`.")
    ]
    owner: NotRequired[
        Annotated[
            str,
            Meta(min_length=1, max_length=150, description="Another account; for moderators only."),
        ]
    ]


_Role = Annotated[
    str,
    Meta(
        min_length=1,
        pattern=rf"^({'|'.join(ROLES)})\Z",
        description="`owner`, `maintainer` or `publisher`.",
    ),
]


class InvitationBody(TypedDict):
    username: Annotated[
        str, Meta(min_length=1, max_length=150, description="The account to invite.")
    ]
    role: _Role


class RoleBody(TypedDict):
    role: _Role


class TokenBody(TypedDict):
    name: Annotated[str, Meta(min_length=1, max_length=100, description="Where the token is used.")]
    scopes: Annotated[
        list[Annotated[str, Meta(min_length=1, pattern=rf"^({'|'.join(TOKEN_SCOPES)})\Z")]],
        Meta(
            max_length=len(TOKEN_SCOPES), description="What the token may do, without duplicates."
        ),
    ]
    limits: NotRequired[
        Annotated[
            list[Annotated[str, Meta(min_length=1, max_length=130)]],
            Meta(
                max_length=20,
                description="Plugins (`@acme/chat`), scopes (`@acme`) and organizations (`org:acme`) for"
                " which the token is valid; none for all.",
            ),
        ]
    ]
    networks: NotRequired[
        Annotated[
            list[Annotated[str, Meta(min_length=1, max_length=50)]],
            Meta(
                max_length=20,
                description="Addresses and networks (`192.0.2.0/24`) from which the token is valid; none for"
                " all.",
            ),
        ]
    ]
    days: NotRequired[
        Annotated[int, Meta(ge=1, le=366, description="Until it expires; the default is 90.")]
    ]


class TrustedPublisherBody(TypedDict):
    """A CI job. `github` and `gitlab` need `repository`, `github` also `workflow`; `oidc` needs `claims`."""

    provider: Annotated[
        str,
        Meta(
            min_length=1,
            pattern=rf"^({'|'.join(CI_PROVIDERS)})\Z",
            description="`github`, `gitlab`, or `oidc` for an issuer that you have registered.",
        ),
    ]
    repository: NotRequired[
        Annotated[str, Meta(max_length=500, description="`owner/name` or `group/project`.")]
    ]
    workflow: NotRequired[
        Annotated[
            str,
            Meta(
                max_length=300,
                description="The file that describes the job, such as `release.yml`.",
            ),
        ]
    ]
    environment: NotRequired[
        Annotated[str, Meta(max_length=255, description="The job must run in it; any if missing.")]
    ]
    issuer: NotRequired[
        Annotated[
            str,
            Meta(max_length=300, description="The `iss` claim; by default that of the service."),
        ]
    ]
    repositoryId: NotRequired[
        Annotated[str, Meta(max_length=20, description="Required if the repository is not public.")]
    ]
    ownerId: NotRequired[
        Annotated[str, Meta(max_length=20, description="Required if the owner is not public.")]
    ]
    claims: NotRequired[
        Annotated[
            dict[str, Annotated[str, Meta(min_length=1, max_length=500)]],
            Meta(max_length=20, description="For `oidc`: claims with exactly these values."),
        ]
    ]


class PublishingRulesBody(TypedDict, total=False):
    trustedPublishingOnly: bool
    stageTrustedReleases: bool


class IssuerBody(TypedDict):
    url: Annotated[
        str, Meta(min_length=1, max_length=300, description="The `iss` claim of its tokens.")
    ]


class MintBody(TypedDict):
    token: Annotated[
        str, Meta(min_length=1, max_length=16_384, description="The identity token of the CI job.")
    ]
    plugin: NotRequired[
        Annotated[
            str, Meta(max_length=130, description="Needed if the job may publish several plugins.")
        ]
    ]


class VisibilityBody(TypedDict):
    visibility: Annotated[
        str,
        Meta(
            min_length=1,
            pattern=rf"^({'|'.join(VISIBILITIES)})\Z",
            description="`public`, `internal` or `private`.",
        ),
    ]


class PublishForm(TypedDict):
    """A multipart form; the file is streamed to disk and never held in memory."""

    package: Annotated[bytes, describe("The .tar.gz archive of the plugin's folder.")]
    tag: NotRequired[
        Annotated[
            str, Meta(min_length=1, max_length=64, description="Dist-tag; the default is `latest`.")
        ]
    ]
    changelog: NotRequired[
        Annotated[str, Meta(min_length=1, description="What is new in this release.")]
    ]
    visibility: NotRequired[
        Annotated[
            str,
            Meta(
                max_length=8,
                description="Who may see a new plugin: `public`, `internal` or `private`; the default"
                " is the visibility of its scope. Later releases do not change it.",
            ),
        ]
    ]


class TransferBody(TypedDict):
    to: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=65,
            description="The account or organization that gets it when it accepts.",
        ),
    ]


class ClaimBody(TypedDict):
    name: Annotated[
        str,
        Meta(min_length=1, max_length=130, description="The plugin, or the scope with `@`."),
    ]
    kind: Annotated[
        str,
        Meta(
            pattern=rf"^({'|'.join(CLAIM_KINDS)})\Z",
            description="`adoption` of what its owners have left, or `name` if it is yours.",
        ),
    ]
    reason: Annotated[
        str,
        Meta(
            min_length=MIN_CLAIM_CHARS,
            max_length=MAX_CLAIM_CHARS,
            description="Why. The owners and moderators read it, and nobody else.",
        ),
    ]
    evidence: NotRequired[
        Annotated[
            list[_Link], Meta(max_length=MAX_CLAIM_LINKS, description="Addresses of web pages.")
        ]
    ]
    to: NotRequired[
        Annotated[
            str,
            Meta(
                min_length=1,
                max_length=65,
                description="An organization of which you are an owner; without it, your account.",
            ),
        ]
    ]


class ClaimAnswerBody(TypedDict):
    answer: Annotated[
        str,
        Meta(
            pattern=rf"^({'|'.join(CLAIM_ANSWERS)})\Z",
            description="Claimants `withdraw`; owners `accept` or `object`; moderators `grant`, `refuse` or"
            " `reverse`.",
        ),
    ]
    reason: NotRequired[
        Annotated[
            str,
            Meta(
                max_length=MAX_CLAIM_CHARS,
                description="Of an objection, for the parties. Of a decision, public, at most"
                f" {MAX_MESSAGE_CHARS} characters.",
            ),
        ]
    ]


class AdoptionBody(TypedDict):
    seeksAdoption: bool
