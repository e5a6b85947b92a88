"""Errors of accounts and tokens."""

from __future__ import annotations

from plugport.spec.errors import (
    ConflictError,
    DeniedError,
    InvalidError,
    LimitedError,
    MissingError,
    UnavailableError,
)


class InvalidTokenError(DeniedError):
    """The token is unknown, revoked or expired. The response does not distinguish these cases."""

    code, title = "invalid-token", "Invalid token"


class TokenRequiredError(DeniedError):
    """The request requires a token, but has none."""

    code, title = "unauthenticated", "Authentication required"


class TokenScopeError(DeniedError):
    """The token is valid, but its scopes or its limit do not allow this request."""

    code, title = "token-scope", "Insufficient token permissions"


class TokenAddressError(DeniedError):
    """The token is limited to networks, and the request came from another address."""

    code, title = "token-address", "Token not valid for this address"


class TokenNetworkError(InvalidError):
    """A network to which a token shall be limited is not an address or in CIDR notation."""

    code, title = "invalid-network", "Invalid network"


class TokenRequestError(InvalidError):
    """The request for a new token is invalid."""

    code, title = "invalid-token-request", "Invalid token request"


class PasswordChangedError(DeniedError):
    """The password of the account was changed after the request was authenticated."""

    code, title = "password-changed", "Password changed"


class EmailNotVerifiedError(DeniedError):
    """The owner of the account has not verified its email address."""

    code, title = "email-not-verified", "Email address not verified"


class MfaRequiredError(DeniedError):
    """The registry requires a second factor to publish, and the account has none."""

    code, title = "mfa-required", "Second factor required"


class VerificationLinkError(InvalidError):
    """The link of a verification mail is expired, belongs to another account or to another address."""

    code, title = "invalid-verification-link", "Invalid verification link"


class EmailTakenError(ConflictError):
    """The email address belongs to another account."""

    code, title = "email-taken", "Email address already in use"


class EmailChangedError(ConflictError):
    """The email address was changed a short time ago, and can still be restored."""

    code, title = "email-changed", "Email address changed recently"


class EmailVerifiedError(ConflictError):
    """The email address of the account is verified and can no longer be replaced by its owner."""

    code, title = "email-verified", "Email address already verified"


class AccountNeededError(ConflictError):
    """The account cannot be deleted, because something would be left that nobody could change."""

    code, title = "account-needed", "Account still needed"


class MailUnavailableError(UnavailableError):
    """The mail server does not accept a mail that the request needs to send."""

    code, title = "mail-unavailable", "Mail cannot be sent"


class PasswordsBusyError(UnavailableError):
    """The server checks too many passwords at the same time."""

    code, title = "passwords-busy", "Too many sign-ins at the moment"


class TooManyAttemptsError(LimitedError):
    """There were too many sign-ins, sign-ups or password changes from the network or for the account."""

    code, title = "too-many-attempts", "Too many attempts"


class UnknownUserError(MissingError):
    """No account has this user name."""

    code, title = "unknown-user", "Unknown user"
    # One error had two codes. Clients and links may use both until the next release.
    former_codes = ("unknown-account",)


class UnknownTokenError(MissingError):
    """The account has no token with this id."""

    code, title = "unknown-token", "Unknown token"


class AssertionRefusedError(DeniedError):
    """An identity token is not accepted. `reason` in the context is one of a fixed list."""

    code, title = "identity-token-refused", "Identity token refused"

    def __init__(self, reason: str, detail: str, *, hint: str | None = None) -> None:
        super().__init__(detail, hint=hint, context={"reason": reason})
        self.reason = reason


class IssuerUnavailableError(UnavailableError):
    """The public keys of an issuer of identity tokens cannot be fetched, or are not usable."""

    code, title = "issuer-unavailable", "Issuer of identity tokens not available"


class IssuerUrlError(InvalidError):
    """The URL of an issuer of identity tokens is not valid."""

    code, title = "invalid-issuer", "Invalid issuer"


class UnknownUserCodeError(MissingError):
    """No program waits to be signed in with this code, or it was decided or has expired."""

    code, title = "unknown-user-code", "Unknown code"


class IssuerDeniedError(DeniedError):
    """Only the owner decides which issuers may publish its plugins."""

    code, title = "issuer-denied", "Not allowed to change issuers"


class IssuerLimitError(DeniedError):
    """The owner has registered as many issuers as it may."""

    code, title = "issuer-limit", "Too many issuers"


class UnknownIssuerError(MissingError):
    """There is no such registered issuer, or it belongs to another owner."""

    code, title = "unknown-issuer", "Issuer not found"


class LeakReportDeniedError(DeniedError):
    """A report of leaked tokens is not signed with an accepted key."""

    code, title = "leak-report-denied", "Report not accepted"


class LeakReportError(InvalidError):
    """A signed report of leaked tokens does not have the documented format."""

    code, title = "invalid-leak-report", "Invalid report"


class LeakReportReplayedError(ConflictError):
    """The same report of leaked tokens was processed before."""

    code, title = "leak-report-replayed", "Report processed before"


class UnknownOrganizationError(MissingError):
    """No organization has this name."""

    code, title = "unknown-organization", "Unknown organization"


class OrganizationRightError(DeniedError):
    """The role of the actor in the organization does not allow this action."""

    code, title = "organization-role", "Not allowed for your role in the organization"


class OrganizationFactorError(DeniedError):
    """The organization requires a second factor, and the account has none."""

    code, title = "organization-second-factor", "The organization requires a second factor"


class OrganizationSsoError(DeniedError):
    """The rights of members of the organization count in sessions of its single sign-on only."""

    code, title = "organization-sso-only", "The organization requires its single sign-on"


class OrganizationSessionError(DeniedError):
    """The session reaches one organization alone, since the single sign-on of it opened the session."""

    code, title = "organization-session", "This session reaches one organization alone"


class OrganizationRequestError(InvalidError):
    """A name or a text of an organization, team or robot is invalid."""

    code, title = "invalid-organization-request", "Invalid request about an organization"


class OrganizationNameError(ConflictError):
    """A person, an organization or a scope has the name, or one that looks alike."""

    code, title = "owner-name-taken", "Name already taken"


class OrganizationLimitError(DeniedError):
    """The account or the organization has as many organizations, members or teams as it may."""

    code, title = "organization-limit", "Too many organizations, members, teams or robots"


class OrganizationInUseError(ConflictError):
    """An organization that owns plugins cannot be deleted."""

    code, title = "organization-in-use", "The organization owns plugins"


class UnknownPersonError(MissingError):
    """The account is not a member of the organization or of the team."""

    code, title = "unknown-organization-member", "Not a member of the organization"


class InOrganizationError(ConflictError):
    """The account is a member of the organization or the team, or is invited already."""

    code, title = "in-organization", "Already a member or invited"


class LastOrganizationOwnerError(ConflictError):
    """An organization keeps at least one owner whose account is open."""

    code, title = "last-organization-owner", "Last owner of the organization"


class UnknownOrganizationInvitationError(MissingError):
    """There is no such invitation: it was answered or withdrawn, has expired, or is for another account."""

    code, title = "unknown-organization-invitation", "Invitation not found"


class InvitationAddressError(DeniedError):
    """The invitation is for another email address than the verified one of the account."""

    code, title = "invitation-address", "Invitation for another address"


class UnknownTeamError(MissingError):
    """The organization has no team of that name."""

    code, title = "unknown-team", "Unknown team"


class UnknownRobotError(MissingError):
    """The organization has no robot of that name."""

    code, title = "unknown-robot", "Unknown robot"


class AccountDeniedError(DeniedError):
    """The account may not suspend that account, or change its groups."""

    code, title = "account-denied", "Not allowed for this account"


class AccountStateError(ConflictError):
    """The account is closed, already suspended, or not suspended."""

    code, title = "account-state", "Account in another state"


class GroupRequestError(InvalidError):
    """A group of accounts does not exist, or the reason of a suspension is empty or too long."""

    code, title = "invalid-account-change", "Invalid change of an account"


class ReservedPrefixError(ConflictError):
    """The name has a prefix that is reserved for another account or organization."""

    code, title = "reserved-prefix", "Reserved prefix"


class PrefixTakenError(ConflictError):
    """The prefix, or one that looks alike, is reserved already."""

    code, title = "prefix-taken", "Prefix already reserved"


class UnknownPrefixError(MissingError):
    """The prefix is not reserved."""

    code, title = "unknown-prefix", "Prefix not reserved"
