"""Errors of single sign-on."""

from __future__ import annotations

from accounts.models import Organization, User
from plugport.spec.errors import DeniedError, InvalidError, MissingError

# The guide docs/guides/sso.md explains them.
REASONS = frozenset(
    (
        "account-closed",
        "address-taken",
        "already-linked",
        "ambiguous-person",
        "at-the-same-time",
        "deactivated",
        "duplicate-id",
        "encrypted",
        "expired",
        "expired-link",
        "has-nonce",
        "hidden-markup",
        "malformed",
        "missing-claim",
        "no-id-token",
        "no-name",
        "no-request",
        "no-subject",
        "not-a-member",
        "not-provisioned",
        "not-yet-valid",
        "only-way",
        "other-user",
        "provider-error",
        "provider-refused",
        "provider-unavailable",
        "replayed",
        "too-large",
        "too-many-groups",
        "unknown-key",
        "unknown-request",
        "unreadable-secret",
        "unsigned",
        "valid-too-long",
        "weak-algorithm",
        "wrapped-signature",
        "wrong-algorithm",
        "wrong-audience",
        "wrong-event",
        "wrong-issuer",
        "wrong-kind",
        "wrong-nonce",
        "wrong-recipient",
        "wrong-signature",
        "wrong-subject",
        "wrong-tenant",
        "wrong-type",
    )
)


class SsoRefusedError(DeniedError):
    """The answer of an identity provider is not accepted. `reason` in the context is one of a fixed list."""

    code, title = "sso-refused", "Single sign-on refused"

    def __init__(self, reason: str, detail: str, *, hint: str | None = None) -> None:
        assert reason in REASONS, reason
        super().__init__(
            detail,
            hint=hint or "Try again. If it fails again, ask those who operate this registry.",
            context={"reason": reason},
        )
        self.reason = reason


def build_member_error(user: User, organization: Organization) -> SsoRefusedError:
    """The account is not, or no longer, a member of the organization of the identity provider."""
    return SsoRefusedError(
        "not-a-member",
        f"The account `{user.username}` is not a member of `{organization.name}`.",
        hint=f"Ask an owner of `{organization.name}`.",
    )


class SsoRequiredError(DeniedError):
    """The account signs in with single sign-on only."""

    code, title = "sso-required", "Single sign-on required"


class UnknownConnectionError(MissingError):
    """There is no connection to an identity provider with this id, or it is switched off."""

    code, title = "unknown-sso-connection", "Unknown single sign-on connection"


class UnknownGroupRuleError(MissingError):
    """The organization has no rule of this id for a group of its identity provider."""

    code, title = "unknown-sso-group-rule", "Unknown rule for a group"


class ConnectionSettingsError(InvalidError):
    """The settings of a connection to an identity provider are not valid."""

    code, title = "invalid-sso-connection", "Invalid single sign-on connection"
