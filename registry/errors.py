"""The errors of the registry, one class per reason."""

from __future__ import annotations

from plugport.spec.errors import (
    ConflictError,
    DeniedError,
    InvalidError,
    LimitedError,
    MissingError,
    UnavailableError,
)


class UnknownPluginError(MissingError):
    """There is no public plugin of that name."""

    code, title = "unknown-plugin", "Plugin not found"


class UnknownScopeError(MissingError):
    """No scope has this name, or the reader may not see it."""

    code, title = "unknown-scope", "Unknown scope"


class UnknownReleaseError(MissingError):
    """The plugin has no such release, or the release is not public."""

    code, title = "unknown-release", "Release not found"


class UnknownPublicationError(MissingError):
    """There is no upload with that id, or the actor may not see it."""

    code, title = "unknown-publication", "Publication not found"


class ReleaseBlockedError(DeniedError):
    """The release is quarantined or revoked and cannot be downloaded."""

    code, title = "release-blocked", "Release blocked"


class PackageDeletedError(MissingError):
    """The release was rejected and its package is deleted."""

    code, title = "package-deleted", "Package deleted"


class VersionTakenError(ConflictError):
    """The version was published before with different content. Versions are never replaced."""

    code, title = "version-taken", "Version already published"


class NameTakenError(ConflictError):
    """The name is too similar to the name of another plugin."""

    code, title = "name-collision", "Name too similar to another plugin"


class InvalidVisibilityError(InvalidError):
    """There is no such visibility, or a plugin of that name cannot have it."""

    code, title = "invalid-visibility", "Invalid visibility"


class VisibilityConflictError(ConflictError):
    """The plugin has another visibility, or its scope does not allow this one."""

    code, title = "visibility-conflict", "Visibility not possible"


class NotMemberError(DeniedError):
    """The actor has no role that allows this action."""

    code, title = "not-a-member", "Not allowed for your role"


class OwnReleaseError(DeniedError):
    """A moderator cannot approve, reject, restore or revoke a release of their own plugin."""

    code, title = "own-release", "Release of your own plugin"


class UnknownMemberError(MissingError):
    """The account is not a member of the plugin."""

    code, title = "unknown-member", "Not a member"


class UnknownInvitationError(MissingError):
    """There is no such invitation for the account: it was answered or withdrawn, or has expired."""

    code, title = "unknown-invitation", "Invitation not found"


class AlreadyMemberError(ConflictError):
    """The invited account is a member of the plugin already."""

    code, title = "already-member", "Already a member"


class AlreadyInvitedError(ConflictError):
    """The account has an invitation to the plugin that it has not answered."""

    code, title = "already-invited", "Already invited"


class InvitationRequiredError(ConflictError):
    """Nobody becomes an owner without accepting an invitation."""

    code, title = "invitation-required", "Invitation required"


class InvitationLimitError(DeniedError):
    """The plugin has as many members or pending invitations as it may."""

    code, title = "invitation-limit", "Too many members or invitations"


class LastOwnerError(ConflictError):
    """A plugin keeps at least one owner whose account is open."""

    code, title = "last-owner", "Last owner"


class ScopeOwnerError(DeniedError):
    """The owner of a plugin's scope can leave the plugin, but other owners cannot remove the owner."""

    code, title = "scope-owner", "Owner of the scope"


class UnknownTransferError(MissingError):
    """There is no such transfer, or the caller has no part in it."""

    code, title = "unknown-transfer", "Transfer not found"


class TransferPendingError(ConflictError):
    """The plugin or scope has a transfer that has not ended."""

    code, title = "transfer-pending", "Transfer in progress"


class TransferStateError(ConflictError):
    """The transfer has ended, or it is not in the step that the call needs."""

    code, title = "transfer-ended", "Not possible in this step of the transfer"


class TransferReceiverError(ConflictError):
    """The plugin or scope cannot be given to this owner."""

    code, title = "transfer-receiver", "Receiver not possible"


class MovesWithScopeError(ConflictError):
    """A plugin in a scope belongs to the owner of the scope, and changes its owner with it."""

    code, title = "moves-with-scope", "Moves with its scope"


class OwnNameScopeError(ConflictError):
    """The scope of the name of an account or organization stays with it."""

    code, title = "own-name-scope", "Scope of a name"


class TransferLimitError(DeniedError):
    """The scope has too many plugins to move at once."""

    code, title = "transfer-limit", "Too many plugins"


class UnknownClaimError(MissingError):
    """There is no such claim, or it is not decided and the caller has no part in it."""

    code, title = "unknown-claim", "Claim not found"


class ClaimPendingError(ConflictError):
    """The plugin or scope has an open claim. One is decided at a time."""

    code, title = "claim-pending", "Claim in progress"


class ClaimStateError(ConflictError):
    """The claim has ended, or it is not in the step that the call needs."""

    code, title = "claim-state", "Not possible in this step of the claim"


class NotAbandonedError(ConflictError):
    """The plugin or scope has active owners, who do not look for somebody to adopt it."""

    code, title = "not-abandoned", "Not abandoned"


class ClaimRefusedError(ConflictError):
    """The account cannot claim this plugin or scope."""

    code, title = "claim-refused", "Claim not possible"


class ClaimLimitError(DeniedError):
    """The account has as many open claims as it may."""

    code, title = "claim-limit", "Too many open claims"


class UnknownRightError(MissingError):
    """The organization has no such plugin or scope, or the team has no right in it."""

    code, title = "unknown-team-right", "No such right of the team"


class ScopeDeniedError(DeniedError):
    """The scope belongs to another account."""

    code, title = "scope-denied", "Scope belongs to another account"


class ScopeNotCreatedError(DeniedError):
    """Nobody has created the scope of the package. Publishing does not create scopes."""

    code, title = "scope-not-created", "Scope not created"


class ScopeLimitError(DeniedError):
    """The account has created as many scopes as it may."""

    code, title = "scope-limit", "Too many scopes"


class WellKnownNameError(DeniedError):
    """The name is that of a well-known organization or package and reserved for its owner."""

    code, title = "well-known-name", "Name of a well-known project"


class OfficialScopeError(DeniedError):
    """Only the operator can claim an official scope."""

    code, title = "official-scope", "Official scope"


class TrustedPublisherRequestError(InvalidError):
    """The description of a CI job that may publish is not valid."""

    code, title = "invalid-trusted-publisher", "Invalid trusted publisher"


class TrustedPublisherExistsError(ConflictError):
    """The CI job may publish the plugin already."""

    code, title = "trusted-publisher-exists", "Trusted publisher exists"


class TrustedPublisherLimitError(DeniedError):
    """The plugin or the account has as many trusted publishers as it may."""

    code, title = "trusted-publisher-limit", "Too many trusted publishers"


class UnknownTrustedPublisherError(MissingError):
    """There is no such trusted publisher, or the actor may not see it."""

    code, title = "unknown-trusted-publisher", "Trusted publisher not found"


class TrustedPublishingOnlyError(DeniedError):
    """The plugin is published by CI jobs only, and not with tokens of people."""

    code, title = "trusted-publishing-only", "Trusted publishing only"


class PublishRaceError(ConflictError):
    """Other uploads kept changing the same plugin. Nothing was stored."""

    code, title = "publish-race", "Another upload is in progress"


class ChecksPendingError(UnavailableError):
    """The checks of a release did not finish in time."""

    code, title = "undecided", "The checks are not finished"


class LeaseLostError(UnavailableError):
    """Another worker has taken over the job; this one must stop without writing."""

    code, title = "lease-lost", "Another worker has taken over the job"


class MarketplaceNotFoundError(MissingError):
    """The folder contains no marketplace file."""

    code, title = "no-marketplace", "Marketplace not found"


class ReadmesNotFoundError(MissingError):
    """The folder contains no README files for plugins without one."""

    code, title = "no-readmes", "README files not found"


class RemoteSourceError(InvalidError):
    """The files of a marketplace entry are not in the marketplace's folder."""

    code, title = "files-elsewhere", "The files are not in this folder"


class SourceFolderError(InvalidError):
    """The source of a marketplace entry names a folder that the marketplace does not have."""

    code, title = "source-missing", "Source folder not found"


class SymlinkError(InvalidError):
    """A marketplace entry is or contains a symbolic link, which could expose any file here."""

    code, title = "linked-out", "Symbolic links are not allowed"


class UploadMissingError(InvalidError):
    """The publish form contains no package."""

    code, title = "upload-missing", "Package missing"


class UnexpectedFileError(InvalidError):
    """The publish form contains a file other than the package."""

    code, title = "unexpected-file", "Unexpected file"


class InvalidMessageError(InvalidError):
    """The message of a deprecation, yank or decision is missing, too long or not plain text."""

    code, title = "invalid-message", "Invalid message"


class InvalidTagError(InvalidError):
    """The dist-tag is malformed or reserved."""

    code, title = "invalid-tag", "Invalid dist-tag"


class TransitionError(ConflictError):
    """The release's state does not allow this change."""

    code, title = "state-conflict", "Not allowed in this state"


class UnknownFileError(MissingError):
    """The release has no file with that path."""

    code, title = "unknown-file", "File not found"


class FileTooLargeToReadError(LimitedError):
    """The file is larger than the limit for showing single files."""

    code, title = "file-too-large", "File too large to show"


class FileTooDeepError(LimitedError):
    """Too much of the package would have to be decompressed to show the file."""

    code, title = "file-too-deep", "File too deep in its package"


class RangeError(InvalidError):
    """The requested byte range is outside the file."""

    code, title = "range-not-satisfiable", "Range not satisfiable"


class PurgeError(Exception):
    """The shared cache in front of the registry did not delete a release."""


class WorkTimeoutError(Exception):
    """Work in `run_with_timeout` was stopped at its time limit."""
