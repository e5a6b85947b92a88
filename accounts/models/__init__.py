"""The models of the app, one module each."""

from accounts.models.audit import AuditEntry
from accounts.models.identity import IssuerKeys, MintedToken, UsedAssertion
from accounts.models.owner import Owner
from accounts.models.token import Token
from accounts.models.user import User

__all__ = ["AuditEntry", "IssuerKeys", "MintedToken", "Owner", "Token", "UsedAssertion", "User"]
