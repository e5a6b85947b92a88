"""Mails about decisions: who gets them, what they say, and what happens without a mail server."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.core.mail import EmailMessage
from django.utils import timezone

from accounts.models import User
from registry.actions import moderate_release
from registry.jobs.queue import MAX_ATTEMPTS as MAX_JOB_ATTEMPTS
from registry.jobs.runner import run_pending_jobs
from registry.models import DecisionMail, Job, Member, Release, Role
from registry.publishing.decision_mails import MAX_ATTEMPTS, send_decision_mails
from tests.functional.api.calls import AWS_KEY
from tests.support.people import create_user
from tests.support.publishing import Publisher, build_package, publish_bytes

pytestmark = pytest.mark.django_db
REFUSING = "tests.support.mail_servers.RefusingBackend"
# A database password of an internal host holds a release.
_URL = "postgres://chat:" + "kX9vQ2mL7pRw4tZs" + "@prod-db.internal/chat"
HOLDING = {"src/db.js": f'db("{_URL}");\n'}
# The name of the file is in the message of the finding, and so in the reason.
REJECTING = {"call +1-555-0100 now.js": f"const key = '{AWS_KEY}';\n"}
Mails = list[EmailMessage]


@pytest.fixture(autouse=True)
def _base_url(settings: Any) -> None:
    settings.BASE_URL = "https://plugins.example.test"


@pytest.fixture
def held(publisher: Publisher) -> Release:
    """A held release of which everybody was told."""
    release = publisher.publish(files=HOLDING)
    assert release.state == "held"
    assert send_decision_mails() == 1
    return release


def test_owners_and_the_publisher_are_told_of_a_held_release(
    publisher: Publisher, mailoutbox: Mails
) -> None:
    first = publisher.publish(version="1.0.0")
    assert (send_decision_mails(), mailoutbox) == (0, [])
    people: dict[str, tuple[Role, dict[str, Any]]] = {
        "second": (Role.OWNER, {}),
        "closed": (Role.OWNER, {"is_active": False}),
        "unverified": (Role.OWNER, {"is_verified": False}),
        "caretaker": (Role.MAINTAINER, {}),
        "robot": (Role.PUBLISHER, {}),
    }
    for name, (role, values) in people.items():
        user = create_user(name, **values)
        Member.objects.create(plugin=first.plugin, holder=user.owner, role=role)
    robot = User.objects.get(username="robot")
    release = Publisher(robot).publish(version="1.1.0", files=HOLDING)
    assert mailoutbox == []
    assert send_decision_mails() == 3
    assert sorted(address for mail in mailoutbox for address in mail.to) == [
        "acme@example.test",
        "robot@example.test",
        "second@example.test",
    ]
    mail = next(each for each in mailoutbox if each.to == ["robot@example.test"])
    assert mail.subject.endswith("] @acme/chat 1.1.0 is held for a review")
    text = str(mail.body)
    assert "- Password for an internal host\n" in text
    assert f"\nhttps://plugins.example.test/publications/{release.public_id}\n" in text
    assert "because you are a publisher of @acme/chat." in text
    assert send_decision_mails() == 0


def test_nothing_that_the_author_wrote_is_in_the_mail(
    publisher: Publisher, mailoutbox: Mails
) -> None:
    release = publisher.publish(files=REJECTING, description="Buy at https://evil.example.test")
    assert (release.state, send_decision_mails()) == ("rejected", 1)
    text = str(mailoutbox[0].body)
    assert "555" not in text
    assert "evil" not in text
    assert AWS_KEY[:8] not in text
    assert "It was not published." in text
    assert "What the checks found:\n\n- " in text


def test_checks_without_a_result(owner: User, mailoutbox: Mails) -> None:
    """All attempts of the job lead to one mail."""
    publish_bytes(owner, build_package())
    Job.objects.update(attempts=MAX_JOB_ATTEMPTS - 1)
    run_pending_jobs()
    run_pending_jobs()
    assert send_decision_mails() == 1
    assert "Not all checks have a result." in str(mailoutbox[0].body)


@pytest.mark.parametrize(
    ("steps", "state", "words"),
    [
        (("approve",), "is published", "anyone can install it"),
        (("reject",), "was rejected", "It was not published."),
        (("approve", "quarantine"), "is quarantined", "while the moderators investigate"),
        (("approve", "revoke"), "was revoked", "permanently withdrawn"),
        (("approve", "quarantine", "restore"), "is published", "anyone can install it"),
    ],
)
def test_each_decision_of_a_moderator_has_a_mail_with_its_reason(
    held: Release,
    moderator: User,
    mailoutbox: Mails,
    steps: tuple[str, ...],
    state: str,
    words: str,
) -> None:
    for step in steps:
        mailoutbox.clear()
        decide = getattr(moderate_release, f"{step}_release")
        decide(actor=moderator, release=held, reason=f"We looked at it: {step}.")
        assert send_decision_mails() == 1
    (mail,) = mailoutbox
    assert mail.to == ["acme@example.test"]
    assert mail.subject.endswith(f"@acme/chat 1.0.0 {state}")
    assert f"Reason: We looked at it: {steps[-1]}.\n" in str(mail.body)
    assert words in str(mail.body)
    assert "Password" not in str(mail.body)


def test_a_reason_adds_no_header_and_no_line(
    held: Release, moderator: User, mailoutbox: Mails
) -> None:
    reason = "Bcc: all@example.test\r\n\r\n<b>You won</b>"
    moderate_release.reject_release(actor=moderator, release=held, reason=reason)
    send_decision_mails()
    assert "\nReason: Bcc: all@example.test <b>You won</b>\n" in str(mailoutbox[-1].body)
    assert mailoutbox[-1].message()["Bcc"] is None


def test_a_newer_decision_replaces_a_mail_that_is_not_sent(
    publisher: Publisher, moderator: User, mailoutbox: Mails
) -> None:
    release = publisher.publish(files=HOLDING)
    moderate_release.approve_release(actor=moderator, release=release, reason="Fine.")
    assert send_decision_mails() == 1
    assert [mail.subject.split("] ")[1] for mail in mailoutbox] == ["@acme/chat 1.0.0 is published"]


def test_decisions_that_are_due_together_are_one_mail(
    publisher: Publisher, moderator: User, mailoutbox: Mails
) -> None:
    releases = [publisher.publish(f"@acme/many-{n}", files=HOLDING) for n in range(3)]
    left = publisher.publish("@acme/left", files=HOLDING)
    Member.objects.filter(plugin=left.plugin).delete()
    moderate_release.reject_release(actor=moderator, release=releases[0], reason="It is a copy.")
    assert send_decision_mails() == 1
    (mail,) = mailoutbox
    assert mail.subject.endswith("] 3 decisions on releases")
    text = str(mail.body)
    assert (
        "\n@acme/many-0 1.0.0 was rejected by a moderator.\nReason: It is a copy.\n"
        f"https://plugins.example.test/publications/{releases[0].public_id}\n" in text
    )
    assert "\n@acme/many-2 1.0.0 is held for a review.\nhttps://" in text
    assert "@acme/left" not in text
    assert "more" not in text
    assert (send_decision_mails(), DecisionMail.objects.count()) == (0, 0)


def test_hundreds_of_decisions_are_one_mail_that_names_some(
    held: Release, mailoutbox: Mails
) -> None:
    Release.objects.bulk_create(
        Release(
            plugin=held.plugin,
            version=f"2.0.{number}",
            precedence=f"2.0.{number}",
            sort_key=b"%d" % number,
            published_by=held.published_by,
            state="held",
        )
        for number in range(300)
    )
    mailoutbox.clear()
    DecisionMail.objects.bulk_create(
        DecisionMail(release=release, user=held.published_by, state="held", is_by_moderator=False)
        for release in Release.objects.exclude(pk=held.pk)
    )
    assert send_decision_mails() == 1
    text = str(mailoutbox[0].body)
    assert text.count("is held for a review.") == 50
    assert "\nAnd 250 more. " in text
    assert not DecisionMail.objects.exists()


def test_more_mails_than_an_account_may_get_wait_for_the_next(
    publisher: Publisher, mailoutbox: Mails, settings: Any
) -> None:
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "decision-mail": "1/hour"}
    for version, sent in (("1.0.0", 1), ("1.1.0", 0), ("1.2.0", 0)):
        publisher.publish(version=version, files=HOLDING)
        assert send_decision_mails() == sent
    mailoutbox.clear()
    assert all(mail.due_at > timezone.now() for mail in DecisionMail.objects.all())
    assert {mail.attempts for mail in DecisionMail.objects.all()} == {0}
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "decision-mail": "2/hour"}
    DecisionMail.objects.update(due_at=timezone.now())
    assert send_decision_mails() == 1
    assert "@acme/chat 1.1.0" in str(mailoutbox[0].body)
    assert "@acme/chat 1.2.0" in str(mailoutbox[0].body)


def test_a_removed_member_gets_no_mail(publisher: Publisher, mailoutbox: Mails) -> None:
    release = publisher.publish(files=HOLDING)
    Member.objects.filter(plugin=release.plugin).delete()
    assert (send_decision_mails(), mailoutbox) == (0, [])
    assert not DecisionMail.objects.exists()


def test_without_a_mail_server_decisions_are_taken_and_the_mail_waits(
    publisher: Publisher, mailoutbox: Mails, settings: Any
) -> None:
    working = settings.EMAIL_BACKEND
    settings.EMAIL_BACKEND = REFUSING
    assert publisher.publish(files=HOLDING).state == "held"
    for attempt in range(1, 4):
        assert send_decision_mails() == 0
        mail = DecisionMail.objects.get()
        assert mail.attempts == attempt
        assert mail.due_at > timezone.now()
        # Not before the time of the next attempt.
        assert send_decision_mails() == 0
        assert DecisionMail.objects.get().attempts == attempt
        DecisionMail.objects.update(due_at=timezone.now() - dt.timedelta(seconds=1))
    settings.EMAIL_BACKEND = working
    assert send_decision_mails() == 1
    assert len(mailoutbox) == 1
    assert not DecisionMail.objects.exists()


def test_a_mail_that_is_refused_forever_is_dropped_and_logged(
    publisher: Publisher, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.EMAIL_BACKEND = REFUSING
    publisher.publish(files=HOLDING)
    DecisionMail.objects.update(attempts=MAX_ATTEMPTS - 1)
    assert send_decision_mails() == 0
    assert not DecisionMail.objects.exists()
    assert "decision_mail_dropped" in caplog.text


def test_a_rolled_back_decision_has_no_mail(held: Release, owner: User) -> None:
    with pytest.raises(Exception, match="Only moderators"):
        moderate_release.approve_release(actor=owner, release=held, reason="mine")
    assert not DecisionMail.objects.exists()
