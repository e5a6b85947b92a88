"""The decisions of moderators, and the page that confirms one before anything changes."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, QueryDict

from accounts.models import User
from plugport.spec.api.values import MAX_MESSAGE_CHARS
from plugport.spec.errors import PlugportError
from registry.actions import moderate_release
from registry.actions.parse_message import parse_reason
from registry.errors import InvalidMessageError
from registry.models import Release
from registry.models.states import ReleaseState
from registry.moderation.findings import ReleaseFindings, summarize_findings
from registry.policies import list_own_releases
from registry.queries.moderation import list_releases_to_decide

MAX_RELEASES = 100
# Short enough for the keys of every database.
_SELECTED = re.compile(r"([0-9]{1,18})(?::([a-z]{1,12}))?\Z")
_S = ReleaseState


@dataclass(frozen=True, slots=True)
class Decision:
    """A decision: its words, the states that it starts from, and the action that applies it."""

    name: str
    title: str
    done: str
    sources: Sequence[ReleaseState]
    effect: str
    readers: str
    act: Callable[..., None]
    # Members of the plugin may do it too.
    is_for_members: bool = False
    is_permanent: bool = False


_PUBLIC = "It is public: the page of the release, the API and the command line show it."
DECISIONS: Mapping[str, Decision] = {
    decision.name: decision
    for decision in (
        Decision(
            "approve",
            "Approve",
            "Approved",
            (_S.HELD,),
            "The release is published: everyone can find and install it. Its trust level is"
            " experimental, or official in an official scope.",
            _PUBLIC,
            moderate_release.approve_release,
        ),
        Decision(
            "reject",
            "Reject",
            "Rejected",
            (_S.HELD,),
            "The release is not published and its package is deleted. This cannot be undone, but"
            " the authors may fix the problem and publish the same version again.",
            "The members of the plugin read it.",
            moderate_release.reject_release,
            is_permanent=True,
        ),
        Decision(
            "quarantine",
            "Quarantine",
            "Quarantined",
            (_S.PUBLISHED,),
            "Nobody can install or download the release, and its texts are hidden. Its page stays"
            " and shows the reason. You can restore it later.",
            _PUBLIC,
            moderate_release.quarantine_release,
            is_for_members=True,
        ),
        Decision(
            "restore",
            "Restore",
            "Restored",
            (_S.QUARANTINED,),
            "The release is served again with all its texts.",
            _PUBLIC,
            moderate_release.restore_release,
        ),
        Decision(
            "revoke",
            "Revoke",
            "Revoked",
            (_S.PUBLISHED, _S.QUARANTINED),
            "The release is blocked permanently. Nobody can restore it or publish its version"
            " again. Its page stays and shows the reason.",
            _PUBLIC,
            moderate_release.revoke_release,
            is_permanent=True,
        ),
    )
}


class ReasonForm(forms.Form):
    """The reason of a decision. The action checks it again."""

    reason = forms.CharField(
        # Without its own limit: the limit of the action is the only one.
        widget=forms.Textarea(
            attrs={"rows": 3, "maxlength": MAX_MESSAGE_CHARS, "aria-describedby": "reason-help"}
        ),
        error_messages={"required": "Write a reason."},
    )

    def clean_reason(self) -> str:
        """Return the reason as the action stores it."""
        try:
            return parse_reason(self.cleaned_data["reason"])
        except InvalidMessageError as error:
            (field,) = error.fields
            raise ValidationError(f"{field.detail} Allowed: {field.allowed}.") from error


@dataclass(frozen=True, slots=True)
class Candidate:
    """A selected release, and why the decision cannot change it; "" if it can."""

    release: Release
    refusal: str
    findings: ReleaseFindings


def parse_selection(values: QueryDict) -> dict[int, str]:
    """Return the state that the moderator saw, by the key of the release.

    The state is "" where the address leads to the page and nobody has seen one. Raises
    `ValueError` for values that no page sends, and for more than `MAX_RELEASES`.
    """
    found = [_SELECTED.match(value) for value in values.getlist("release")]
    if not 0 < len(found) <= MAX_RELEASES or not all(found):
        raise ValueError(f"Select 1 to {MAX_RELEASES} releases.")
    return {int(match[1]): match[2] or "" for match in found if match}


def list_allowed(actor: User, release: Release) -> list[Decision]:
    """The decisions that a moderator may take on the release now: 1 query, none for a superuser."""
    is_own = bool(list_own_releases(actor, [release]))
    return [
        decision
        for decision in DECISIONS.values()
        if release.state in decision.sources and (decision.is_for_members or not is_own)
    ]


def build_confirmation(actor: User, decision: Decision, keys: Sequence[int]) -> dict[str, Any]:
    """The template variables of the page: 3 queries, 2 for a superuser."""
    releases = list_releases_to_decide(keys)
    own = set() if decision.is_for_members else list_own_releases(actor, releases)
    candidates = [
        Candidate(
            release,
            _explain_refusal(decision, release, own),
            summarize_findings(release.checks.all()),
        )
        for release in releases
    ]
    return {
        "decision": decision,
        "candidates": candidates,
        "can_confirm": any(not candidate.refusal for candidate in candidates),
        "missing": len(set(keys)) - len(releases),
    }


def _explain_refusal(decision: Decision, release: Release, own: set[int]) -> str:
    if release.state not in decision.sources:
        allowed = " and ".join(decision.sources)
        return f"Only {allowed} releases can be {decision.done.lower()}."
    if release.pk in own:
        return "This is your own plugin. Another moderator must decide."
    return ""


def apply_decision(
    request: HttpRequest, actor: User, decision: Decision, seen: Mapping[int, str], reason: str
) -> list[Release]:
    """Decide on each release that is still in the state seen. Each has its own message.

    Returns the selected releases that exist.
    """
    releases = list_releases_to_decide(list(seen))
    for _missing in range(len(seen) - len(releases)):
        messages.error(request, "A selected release no longer exists.")
    for release in releases:
        if release.state != seen[release.pk]:
            messages.error(
                request,
                f"`{release}` was {seen[release.pk]} and is {release.state} now."
                " It was not changed by you.",
            )
            continue
        try:
            # Another decision in the meantime is refused here: the action compares and swaps the
            # state that was just read.
            decision.act(actor=actor, release=release, reason=reason)
        except PlugportError as error:
            messages.error(request, f"{error.detail} {error.hint or ''}".strip())
        else:
            messages.success(request, f"{decision.done}: `{release}`.")
    return releases
