"""Entries about what Django and allauth do without an action of this app."""

from __future__ import annotations

from typing import Any

from django.db.models.signals import pre_delete
from django.dispatch import receiver

from accounts.actions.erase_audit_identities import erase_audit_identities
from accounts.models import User


@receiver(pre_delete, sender=User)
def _erase_deleted_account(instance: User, **_: Any) -> None:
    erase_audit_identities(account=instance, actor=None, action="account.deleted")
