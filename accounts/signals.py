"""Entries of the audit log about what Django and allauth do without an action of this app."""

from __future__ import annotations

from typing import Any

import structlog
from django.apps import AppConfig
from django.contrib.admin.models import ADDITION, CHANGE, DELETION, LogEntry
from django.contrib.auth.models import Group
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.db.models.signals import m2m_changed, post_migrate, post_save, pre_delete
from django.dispatch import receiver
from django.http import HttpRequest

from accounts.actions.erase_audit_identities import erase_audit_identities
from accounts.actions.record_audit_entry import record_audit_entry
from accounts.models import GROUP_FIELDS, AccountGroup, ActorKind, User
from accounts.queries.users import find_sign_in_account
from common.http.client_address import get_client_network
from common.http.errors import RateLimitedError
from common.rate_limits import consume_quota

_VERBS = {ADDITION: "added", CHANGE: "changed", DELETION: "deleted"}
_MAX_MESSAGE_CHARS = 4000
_log = structlog.get_logger("plugport.audit")
# Of one name or network, and of all together.
_OF_ONE, _OF_ALL = "failed-sign-in", "failed-sign-ins"


@receiver(user_logged_in)
def _record_sign_in(user: User, **_: Any) -> None:
    record_audit_entry(actor=user, action="sign-in.succeeded", target=user)


@receiver(user_logged_out)
def _record_sign_out(user: User | None, **_: Any) -> None:
    if user is not None:
        record_audit_entry(actor=user, action="sign-in.ended", target=user)


@receiver(user_login_failed)
def _record_failure(
    credentials: dict[str, Any], request: HttpRequest | None = None, **_: Any
) -> None:
    """Record a failure, unless there were many: guesses must not fill the database.

    What was typed is not stored: it may be a password. The work is the same for names that exist and
    those that do not.
    """
    login = str(credentials.get("username") or credentials.get("email") or "")
    user = find_sign_in_account(login)
    callers = [(_OF_ONE, f"login:{login.lower()[:200]}")]
    if request is not None:
        callers.append((_OF_ONE, f"network:{get_client_network(request)}"))
    try:
        quotas = [consume_quota(kind, caller) for kind, caller in (*callers, (_OF_ALL, "all"))]
    except RateLimitedError:
        _log.info("failed_sign_in_not_recorded")
        return
    record_audit_entry(
        actor=ActorKind.ANONYMOUS,
        action="sign-in.failed",
        subject=user,
        # Later ones of this hour are not recorded.
        is_last_recorded=min(quota.remaining for quota in quotas) == 0,
    )


@receiver(post_save, sender=LogEntry)
def _record_change_in_admin(instance: LogEntry, created: bool, **_: Any) -> None:
    """What Django's own log of the admin has, which can be changed. Accounts have entries of their own."""
    content_type = instance.content_type
    if not created or content_type is None or content_type.model_class() is User:
        return
    record_audit_entry(
        actor=instance.user,
        action="admin.changed",
        target=instance.object_repr,
        model=content_type.model,
        id=instance.object_id,
        change=_VERBS.get(instance.action_flag, ""),
        message=instance.change_message[:_MAX_MESSAGE_CHARS],
    )


@receiver(pre_delete, sender=User)
def _erase_deleted_account(instance: User, **_: Any) -> None:
    erase_audit_identities(account=instance, actor=None, action="account.deleted")


@receiver(post_migrate)
def _create_groups(sender: AppConfig, using: str, **_: Any) -> None:
    """Create the groups of the registry: a row that was deleted comes back with the next migration."""
    if sender.name == "accounts":
        for group in AccountGroup:
            Group.objects.using(using).get_or_create(name=group.value)


@receiver(m2m_changed, sender=User.groups.through)
def _follow_groups(
    instance: User | Group, action: str, reverse: bool, pk_set: Any, **_: Any
) -> None:
    """Set the columns of an account whose groups were changed directly, as in a shell."""
    if action not in ("post_add", "post_remove", "post_clear"):
        return
    if reverse or not isinstance(instance, User):
        # `group.user_set`: the columns would have to be read first, for each account.
        for user in User.objects.filter(pk__in=pk_set or ()):
            _set_columns(user)
        return
    _set_columns(instance)


def _set_columns(user: User) -> None:
    names = set(user.groups.filter(name__in=AccountGroup.values).values_list("name", flat=True))
    values = {field: group in names for group, field in GROUP_FIELDS.items()}
    User.objects.filter(pk=user.pk).update(**values)
    user.follow_groups(values)
