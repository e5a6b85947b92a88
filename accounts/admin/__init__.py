"""Accounts in Django's admin: users, tokens, owners and the audit log."""

from __future__ import annotations

# Importing registers the pages.
from accounts.admin import organizations, users

__all__ = ["organizations", "users"]
