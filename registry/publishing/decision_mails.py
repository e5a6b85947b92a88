"""Mails to the owners of a plugin about the decision on a release.

`add_decision_mails` writes them in the transaction of the decision, so that each decision has one
row for each account, however often its job was tried. `send_decision_mails` is periodic work: a mail
server that hangs delays no check and no request. What is due for an account is one mail, so that
hundreds of decisions, such as those of an import, are not hundreds of mails.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import time
from collections.abc import Sequence

import structlog
from django.db import transaction
from django.db.models import Min, Q, QuerySet
from django.utils import timezone

from accounts.errors import MailUnavailableError
from accounts.mails import build_url, send_mail
from accounts.models import OrganizationMember, OrganizationRole, User
from common.http.errors import RateLimitedError
from common.rate_limits import consume_quota, get_quota
from plugport.checks.rules import RULES
from registry.models import DecisionMail, Member, Release, Role
from registry.models.states import ReleaseState
from registry.publishing.decide import list_deciding_rules
from registry.rights import list_roles

_log = structlog.get_logger("plugport.mail")
# The waits double from a minute to six hours: a mail server may be down for most of a day.
MAX_ATTEMPTS = 11
_MAX_WAIT_SECONDS = 6 * 3600
# Other periodic work runs after this one, in the same thread.
_MAX_SECONDS = 10.0
_BATCH_SIZE = 50
_MAX_RULES = 10
# Of an account in one mail, and of these the ones that the mail names.
_MAX_DECISIONS = 500
MAX_NAMED = 50
_QUOTA = "decision-mail"
# The decisions that the checks take and that authors have to know. They see all others themselves.
_MAILED_STATES = (ReleaseState.HELD, ReleaseState.STAGED, ReleaseState.REJECTED)


def add_decision_mails(
    release: Release,
    state: ReleaseState,
    *,
    is_by_moderator: bool,
    is_of_owners: bool = False,
    reason: str,
) -> None:
    """Write the mails about a decision. Call it in the transaction of the decision: 0 or 2 queries.

    The owners get one, also those of an organization that holds the plugin, and the publisher while they
    are a member, at verified addresses. About a staged release (`is_of_owners`) they are told who approved
    it, or why it was not published.
    """
    if not (is_by_moderator or is_of_owners or state in _MAILED_STATES):
        return
    publisher = release.published_by_id
    persons = Member.objects.filter(
        Q(role=Role.OWNER) | Q(holder__user=publisher),
        plugin=release.plugin_id,
        holder__user__is_active=True,
        holder__user__is_verified=True,
        holder__user__email__gt="",
    )
    in_organizations = OrganizationMember.objects.filter(
        Q(role=OrganizationRole.OWNER) | Q(user=publisher),
        organization__owner__memberships__plugin=release.plugin_id,
        user__is_active=True,
        user__is_verified=True,
        user__email__gt="",
    )
    recipients = persons.values_list("holder__user_id").union(
        in_organizations.values_list("user_id")
    )
    DecisionMail.objects.bulk_create(
        [
            DecisionMail(
                release=release,
                user_id=user_id,
                state=state,
                is_by_moderator=is_by_moderator,
                # The reasons of checks quote the package; the mail has the titles of the rules.
                reason=reason[:500] if is_by_moderator or is_of_owners else "",
            )
            for (user_id,) in recipients
        ],
        update_conflicts=True,
        unique_fields=["release", "user"],
        update_fields=["state", "is_by_moderator", "reason", "attempts", "due_at"],
    )


def send_decision_mails() -> int:
    """Send what is due, in one mail for each account; returns the number of mails.

    What exceeds the limit of an account waits for the next mail. Stops at the first failure, which is
    most often one of the mail server. A mail that was sent by a process that died before it deleted
    the rows is sent again.
    """
    until = time.monotonic() + _MAX_SECONDS
    sent = 0
    for user_id in _list_due_users():
        if time.monotonic() > until:
            break
        if _postpone_above_limit(user_id):
            continue
        mails = _claim(user_id)
        finished = mails
        try:
            sent += _send(mails)
        except MailUnavailableError:
            finished = [mail for mail in mails if mail.attempts >= MAX_ATTEMPTS]
            for mail in finished:
                _log.error("decision_mail_dropped", release=str(mail.release), state=mail.state)
        _delete(finished)
        if len(finished) < len(mails):
            break
    return sent


def _select_due() -> QuerySet[DecisionMail]:
    return DecisionMail.objects.filter(due_at__lte=timezone.now())


def _list_due_users() -> list[int]:
    """The accounts for which a mail is due, those that have waited longest first: 1 query."""
    rows = _select_due().order_by().values("user").annotate(first_due_at=Min("due_at"))
    return list(rows.order_by("first_due_at").values_list("user", flat=True)[:_BATCH_SIZE])


def _postpone_above_limit(user_id: int) -> bool:
    """Whether the account has had all the mails that it may get now. Moves what is due until later."""
    quota = get_quota(_QUOTA, f"account:{user_id}")
    if quota.remaining:
        return False
    due_at = timezone.now() + dt.timedelta(seconds=quota.reset_seconds)
    _select_due().filter(user=user_id).update(due_at=due_at)
    return True


def _claim(user_id: int) -> list[DecisionMail]:
    """Set the time of the next attempt, and return what was due: one of several workers gets it."""
    with transaction.atomic():
        # What another worker has locked is being sent.
        due = _select_due().select_for_update(of=("self",), skip_locked=True)
        due = due.filter(user=user_id).select_related("release__plugin", "user")
        # Up to a quarter of a megabyte each.
        due = due.defer("release__plugin__document", "release__plugin__metadata")
        mails = list(due.order_by("due_at", "id")[:_MAX_DECISIONS])
        now = timezone.now()
        for mail in mails:
            wait_seconds = min(60 * 2**mail.attempts, _MAX_WAIT_SECONDS)
            mail.due_at = now + dt.timedelta(seconds=wait_seconds)
            mail.attempts += 1
        DecisionMail.objects.bulk_update(mails, ["attempts", "due_at"])
    return mails


def _delete(mails: Sequence[DecisionMail]) -> None:
    """Delete what is sent, but not what a newer decision has changed meanwhile."""
    with transaction.atomic():
        for mail in mails:
            rows = DecisionMail.objects.filter(pk=mail.pk, attempts=mail.attempts, state=mail.state)
            rows.delete()


def _send(mails: Sequence[DecisionMail]) -> bool:
    """Send one mail to the account of all of them; returns whether it did.

    Leaves out the releases that the account may not see any longer.
    """
    if not mails or not _can_receive(mails[0].user):
        return False
    user = mails[0].user
    roles = list_roles(user.as_absent(), {mail.release.plugin_id for mail in mails})
    mails = [mail for mail in mails if mail.release.plugin_id in roles]
    if not mails:
        return False
    if len(mails) == 1:
        _send_one(mails[0], roles[mails[0].release.plugin_id])
    else:
        _send_list(user, mails)
    with contextlib.suppress(RateLimitedError):
        consume_quota(_QUOTA, f"account:{user.pk}")
    return True


def _send_one(mail: DecisionMail, role: str) -> None:
    release = mail.release
    findings = [finding for run in release.checks.all() for finding in run.findings]
    # Ids that this version does not know any longer have no title.
    rules = [RULES[rule].title for rule in list_deciding_rules(findings) if rule in RULES]
    send_mail(
        "release_decided",
        mail.user.email,
        name=release.plugin.name,
        version=release.version,
        state=mail.state,
        is_by_moderator=mail.is_by_moderator,
        reason=mail.reason,
        titles=rules[:_MAX_RULES],
        more_titles=max(0, len(rules) - _MAX_RULES),
        role=role,
        url=_build_address(release),
    )


def _send_list(user: User, mails: Sequence[DecisionMail]) -> None:
    send_mail(
        "releases_decided",
        user.email,
        total=len(mails),
        decisions=[(mail, _build_address(mail.release)) for mail in mails[:MAX_NAMED]],
        more=max(0, len(mails) - MAX_NAMED),
        account_url=build_url("account"),
    )


def _build_address(release: Release) -> str:
    return build_url("publication", public_id=str(release.public_id))


def _can_receive(user: User) -> bool:
    return bool(user.is_active and user.is_verified and user.email)
