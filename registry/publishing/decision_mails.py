"""Mails to the owners of a plugin about the decision on a release.

`add_decision_mails` writes them in the transaction of the decision, so that each decision has one
mail for each account, however often its job was tried. `send_decision_mails` is periodic work: a mail
server that hangs delays no check and no request.
"""

from __future__ import annotations

import datetime as dt
import time

import structlog
from django.db.models import F, Q
from django.utils import timezone

from accounts.errors import MailUnavailableError
from accounts.mails import build_url, send_mail
from accounts.models import User
from plugport.checks.rules import RULES
from registry.models import DecisionMail, Member, Release, Role
from registry.models.states import ReleaseState
from registry.publishing.decide import list_deciding_rules

_log = structlog.get_logger("plugport.mail")
# The waits double from a minute to six hours: a mail server may be down for most of a day.
MAX_ATTEMPTS = 11
_MAX_WAIT_SECONDS = 6 * 3600
# Other periodic work runs after this one, in the same thread.
_MAX_SECONDS = 10.0
_BATCH_SIZE = 50
_MAX_RULES = 10
# The decisions that the checks take and that authors have to know. They see all others themselves.
_MAILED_STATES = (ReleaseState.HELD, ReleaseState.REJECTED)


def add_decision_mails(
    release: Release, state: ReleaseState, *, is_by_moderator: bool, reason: str
) -> None:
    """Write the mails about a decision. Call it in the transaction of the decision: 0 or 2 queries.

    The owners get one, and the publisher while they are a member, at verified addresses.
    """
    if not is_by_moderator and state not in _MAILED_STATES:
        return
    recipients = Member.objects.filter(
        Q(role=Role.OWNER) | Q(user=release.published_by_id),
        plugin=release.plugin_id,
        user__is_active=True,
        user__is_verified=True,
        user__email__gt="",
    )
    DecisionMail.objects.bulk_create(
        [
            DecisionMail(
                release=release,
                user_id=user_id,
                state=state,
                is_by_moderator=is_by_moderator,
                # The reasons of checks quote the package; the mail has the titles of the rules.
                reason=reason[:500] if is_by_moderator else "",
            )
            for user_id in recipients.values_list("user_id", flat=True)
        ],
        update_conflicts=True,
        unique_fields=["release", "user"],
        update_fields=["state", "is_by_moderator", "reason", "attempts", "due_at"],
    )


def send_decision_mails() -> int:
    """Send the mails that are due; returns how many.

    Stops at the first failure, which is most often one of the mail server. A mail that was sent by
    a process that died before it deleted the row is sent again.
    """
    until = time.monotonic() + _MAX_SECONDS
    due = DecisionMail.objects.filter(due_at__lte=timezone.now()).order_by("due_at", "id")
    sent = 0
    for mail in due.select_related("release__plugin", "user")[:_BATCH_SIZE]:
        if time.monotonic() > until:
            break
        if not _claim(mail):
            continue
        try:
            sent += _send(mail)
        except MailUnavailableError:
            if mail.attempts < MAX_ATTEMPTS:
                break
            _log.error("decision_mail_dropped", release=str(mail.release), state=mail.state)
        # Not if a newer decision has changed the row meanwhile.
        DecisionMail.objects.filter(pk=mail.pk, attempts=mail.attempts, state=mail.state).delete()
    return sent


def _claim(mail: DecisionMail) -> bool:
    """Set the time of the next attempt. Compare and swap: one of several workers sends the mail."""
    wait_seconds = min(60 * 2**mail.attempts, _MAX_WAIT_SECONDS)
    is_claimed = DecisionMail.objects.filter(
        pk=mail.pk, attempts=mail.attempts, state=mail.state, due_at=mail.due_at
    ).update(attempts=F("attempts") + 1, due_at=timezone.now() + dt.timedelta(seconds=wait_seconds))
    mail.attempts += 1
    return bool(is_claimed)


def _send(mail: DecisionMail) -> bool:
    """Send the mail, unless the account may not see the release any longer; returns whether it did."""
    release, user = mail.release, mail.user
    membership = Member.objects.filter(plugin=release.plugin, user=user).first()
    if membership is None or not _can_receive(user):
        return False
    findings = [finding for run in release.checks.all() for finding in run.findings]
    # Ids that this version does not know any longer have no title.
    rules = [RULES[rule].title for rule in list_deciding_rules(findings) if rule in RULES]
    send_mail(
        "release_decided",
        user.email,
        name=release.plugin.name,
        version=release.version,
        state=mail.state,
        is_by_moderator=mail.is_by_moderator,
        reason=mail.reason,
        titles=rules[:_MAX_RULES],
        more_titles=max(0, len(rules) - _MAX_RULES),
        role=membership.role,
        url=build_url("publication", public_id=str(release.public_id)),
    )
    return True


def _can_receive(user: User) -> bool:
    return bool(user.is_active and user.is_verified and user.email)
