"""Releases, the status of a publication, and the difference between two releases."""

from __future__ import annotations

from typing import Annotated, Any, NotRequired, TypedDict

from plugport.spec.api.plugins import Deprecation
from plugport.spec.api.values import (
    CHANGES,
    CHECK_STATES,
    CI_PROVIDERS,
    DEPENDENCY_GROUPS,
    INSTALL_POLICIES,
    OWNER_KINDS,
    RELEASE_STATES,
    SEVERITIES,
    TRUST_LEVELS,
    describe,
    one_of,
)


class Yank(TypedDict):
    reason: str
    at: str


class Dependencies(TypedDict):
    plugins: dict[str, str]
    packages: dict[str, str]
    peer: dict[str, str]


class Finding(TypedDict):
    rule: str
    severity: Annotated[str, one_of(SEVERITIES)]
    message: str
    hint: NotRequired[str]
    path: NotRequired[str]
    line: NotRequired[int]


class Check(TypedDict):
    name: str
    title: str
    state: Annotated[str, one_of(CHECK_STATES)]
    durationMs: int | None
    findings: list[Finding]


class File(TypedDict):
    path: str
    size: int
    sha256: str
    executable: bool


class TrustedRun(TypedDict):
    """The CI job that published the release, as its identity token said. Unknown facts are null."""

    provider: Annotated[str, one_of(CI_PROVIDERS)]
    repository: str | None
    commit: str | None
    ref: str | None
    workflow: str | None
    environment: str | None
    url: Annotated[str | None, describe("The page of the job.")]
    issuer: str | None
    subject: str | None


class ReleasePublisher(TypedDict):
    """The owner that stood for the plugin when the release became public."""

    name: str
    kind: Annotated[str, one_of(OWNER_KINDS)]


class ReleaseSummary(TypedDict):
    """A release without what makes it large: files, README, checks."""

    name: str
    version: str
    state: Annotated[str, one_of(RELEASE_STATES)]
    stateReason: str | None
    description: Annotated[
        str,
        describe(
            "The changelog entry: the text sent with the release, or the section of its version in"
            " the changelog of the package. Lists contain at most the first 1,000 characters."
        ),
    ]
    deprecated: Deprecation | None
    yanked: Yank | None
    prerelease: bool
    dependencies: Dependencies
    engine: dict[str, str]
    framework: str | None
    permissions: dict[str, Any]
    packageUrl: str
    integrity: Annotated[str, describe("SHA-512 of the package as Subresource Integrity.")]
    checksum: Annotated[str, describe("SHA-256 of the package in hex.")]
    size: Annotated[int, describe("Size of the package in bytes.")]
    unpackedSize: Annotated[int, describe("Total size of its files in bytes.")]
    downloads: int
    trust: Annotated[str, one_of(TRUST_LEVELS)]
    installPolicy: Annotated[str, one_of(INSTALL_POLICIES)]
    publishedBy: Annotated[str, describe("The account that sent it.")]
    publisher: Annotated[
        ReleasePublisher | None,
        describe(
            "The owner that stood for the plugin when the release became public. Null before that, and"
            " for a plugin that nobody owned."
        ),
    ]
    trustedPublisher: Annotated[
        TrustedRun | None, describe("Null for releases with the token of a person.")
    ]
    createdAt: str
    publishedAt: str | None


class Release(ReleaseSummary):
    type: str
    dialect: Annotated[str, describe("The manifest format.")]
    manifestPath: str
    manifest: dict[str, Any]
    warnings: list[dict[str, Any]]
    files: list[File]
    readme: str
    licenceFiles: list[str]
    provenance: dict[str, Any] | None
    checks: list[Check]


PublicationUrl = Annotated[
    str,
    describe(
        "The page with the findings, files and changes of the upload. The members of the plugin and"
        " moderators can open it in every state."
    ),
]


HiddenDependencies = Annotated[
    list[str],
    describe(
        "Dependencies that some users of this plugin cannot see: they cannot install it."
        " Only those that the caller may see."
    ),
]


class PublishedRelease(Release):
    hiddenDependencies: HiddenDependencies
    statusUrl: str
    publicationUrl: PublicationUrl


class VersionList(TypedDict):
    name: str
    distTags: dict[str, str]
    versions: list[ReleaseSummary]


class Publication(TypedDict):
    """The status of an upload."""

    id: str
    name: str
    version: str
    state: Annotated[str, one_of(RELEASE_STATES)]
    tag: str | None
    verdict: Annotated[str | None, describe("The reason for the decision.")]
    checks: list[Check]
    hiddenDependencies: HiddenDependencies
    publicationUrl: PublicationUrl
    pageUrl: str
    releaseUrl: str
    createdAt: str
    finishedAt: str | None


class Permissions(TypedDict, total=False):
    filesystem: list[str]
    network: list[str]
    exec: list[str]
    env: list[str]
    components: list[str]


class PermissionChange(TypedDict):
    gained: Annotated[Permissions, describe("Entries that no entry of the other release covers.")]
    lost: Permissions


class CapabilityChange(TypedDict):
    gained: dict[str, list[str]]
    lost: dict[str, list[str]]


class FieldChange(TypedDict):
    field: Annotated[str, describe("Dotted path in the manifest.")]
    change: Annotated[str, one_of(CHANGES)]
    before: Annotated[Any, describe("Any JSON value; null if the field is missing.")]
    after: Annotated[Any, describe("Any JSON value; null if the field is missing.")]


class DependencyChange(TypedDict):
    group: Annotated[str, one_of(DEPENDENCY_GROUPS)]
    name: str
    change: Annotated[str, one_of(CHANGES)]
    before: str | None
    after: str | None


class FileSide(TypedDict):
    size: int
    sha256: str
    executable: bool


# The functional syntax, because `from` is a Python keyword.
_From = TypedDict("_From", {"from": str | None})


class FileChange(_From):
    path: str
    change: Annotated[str, one_of(CHANGES)]
    before: FileSide | None
    after: FileSide | None


class Diff(_From):
    name: str
    fromState: Annotated[str | None, one_of(RELEASE_STATES)]  # noqa: N815 -- the JSON name
    to: str
    toState: Annotated[str, one_of(RELEASE_STATES)]  # noqa: N815 -- the JSON name
    permissions: PermissionChange
    capabilities: CapabilityChange
    manifest: list[FieldChange]
    dependencies: list[DependencyChange]
    files: list[FileChange]
    counts: Annotated[dict[str, int], describe("Number of files by change.")]
