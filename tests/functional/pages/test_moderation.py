"""The desk of moderators in the admin: what needs a decision, and deciding with a reason."""

from __future__ import annotations

import datetime as dt

import pytest
from django.contrib.contenttypes.models import ContentType
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEntry
from registry.actions.create_scope import create_scope
from registry.models import CheckRun, Claim, Job, JobState, Member, Release, Role, Transfer
from registry.models.states import ReleaseState
from registry.moderation.decisions import DECISIONS
from tests.functional.pages.dom import Node, parse
from tests.support.people import create_user

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_module_packages")]

S = ReleaseState
_BACKEND = "django.contrib.auth.backends.ModelBackend"


def _sign_in(user) -> Client:
    client = Client(enforce_csrf_checks=False)
    client.force_login(user, backend=_BACKEND)
    return client


@pytest.fixture
def desk(moderator) -> Client:
    """Signed in as a moderator."""
    return _sign_in(moderator)


@pytest.fixture(scope="module")
def _published(module_publisher) -> Release:
    release: Release = module_publisher.publish()
    return release


@pytest.fixture
def owner(db, module_publisher):
    """The publisher."""
    return module_publisher.copy_actor()


@pytest.fixture
def release(_published, db) -> Release:
    return Release.objects.get(pk=_published.pk)


def _set_state(release: Release, state: str) -> Release:
    Release.objects.filter(pk=release.pk).update(state=state)
    release.refresh_from_db()
    return release


def _address(decision: str) -> str:
    return reverse("admin:registry_release_decide", args=[decision])


def _open(desk: Client, decision: str, *releases: Release) -> Node:
    response = desk.get(_address(decision), {"release": [each.pk for each in releases]})
    assert response.status_code == 200
    return parse(response.content.decode())


def _read_selection(page: Node) -> list[str]:
    return [field.attrs["value"] or "" for field in page.all("input", name="release")]


def _read_messages(page: Node) -> list[str]:
    return [item.text.replace(" .", ".") for item in page.one(class_="messagelist").all("li")]


def _send(desk: Client, decision: str, selection: list[str], reason: str) -> Node:
    response = desk.post(_address(decision), {"release": selection, "reason": reason}, follow=True)
    assert response.status_code == 200
    return parse(response.content.decode())


@pytest.mark.parametrize("name", DECISIONS)
def test_a_decision_is_confirmed_with_a_reason(desk, moderator, release, name):
    """The list leads to the page, the page changes nothing, and the form decides."""
    before = _set_state(release, DECISIONS[name].sources[0]).state
    response = desk.post(
        reverse("admin:registry_release_changelist"),
        {"action": f"{name}_release", "_selected_action": [release.pk]},
        follow=True,
    )
    page = parse(response.content.decode())
    assert DECISIONS[name].effect in page.text
    assert "@1.0.0" not in page.one("h1").text
    release.refresh_from_db()
    assert release.state == before
    page = _send(desk, name, _read_selection(page), " It was\r\nreviewed. ")
    assert _read_messages(page) == [f"{DECISIONS[name].done}: {release}."]
    release.refresh_from_db()
    assert release.state not in DECISIONS[name].sources
    assert release.verdict_reason == "It was reviewed."
    entry = AuditEntry.objects.filter(action=f"release.{release.state}").latest("id")
    assert (entry.actor, entry.details["reason"]) == (moderator, "It was reviewed.")


def test_the_page_needs_the_token_of_its_form(moderator, release):
    client = Client(enforce_csrf_checks=True)
    client.force_login(moderator, backend=_BACKEND)
    sent = {"release": [f"{release.pk}:published"], "reason": "Looked at."}
    assert client.post(_address("quarantine"), sent).status_code == 403
    release.refresh_from_db()
    assert release.state == S.PUBLISHED


@pytest.mark.parametrize(
    ("reason", "text"),
    [
        ("", "Write a reason."),
        ("  \n ", "Write a reason."),
        ("x" * 501, "It has 501 characters."),
        ("red \x1b[31m", "It contains the character U+001B."),
        ("a\u202eb", "It contains the character U+202E."),
    ],
)
def test_a_wrong_reason_is_shown_with_what_was_typed(desk, release, reason, text):
    page = _send(desk, "quarantine", [f"{release.pk}:published"], reason)
    assert text in page.one(class_="desk-error").text
    assert page.one("textarea").text.strip() == reason.strip()
    assert _read_selection(page) == [f"{release.pk}:published"]
    assert page.one("title").text.startswith("Error: ")
    release.refresh_from_db()
    assert release.state == S.PUBLISHED


def test_releases_in_a_wrong_state_are_named_before_and_after(desk, publisher):
    """The others are changed."""
    good, bad = publisher.publish(version="1.0.0"), publisher.publish(version="1.1.0")
    _set_state(bad, S.REVOKED)
    page = _open(desk, "quarantine", good, bad)
    refusals = [item.text for item in page.by_class("desk-refusal")]
    assert refusals == ["Not possible. Only published releases can be quarantined."]
    shown = _read_messages(_send(desk, "quarantine", _read_selection(page), "Looked at."))
    assert shown[0] == f"Quarantined: {good}."
    assert shown[1].startswith(f"{bad} is revoked and cannot become quarantined.")
    assert len(shown) == 2


def test_without_a_possible_release_there_is_no_form(desk, release):
    page = _open(desk, "restore", release)
    assert not page.all("textarea")
    assert "Only quarantined releases can be restored." in page.text


def test_a_release_that_changed_after_the_page_was_opened_is_refused(desk, release):
    """Also when the decision would be possible in the new state."""
    selection = _read_selection(_open(desk, "revoke", release))
    _set_state(release, S.QUARANTINED)
    page = _send(desk, "revoke", selection, "It sends data home.")
    assert _read_messages(page) == [
        f"{release} was published and is quarantined now. It was not changed by you."
    ]
    release.refresh_from_db()
    assert release.state == S.QUARANTINED


@pytest.mark.parametrize(
    "selection",
    [[], ["x"], ["1:published:held"], ["9" * 40], ["-1"], ["1"] * 101, ["1\x00"]],
    ids=["none", "text", "parts", "huge", "negative", "many", "nul"],
)
def test_invalid_selections(desk, selection):
    """No page sends them."""
    for response in (
        desk.get(_address("revoke"), {"release": selection}, follow=True),
        desk.post(_address("revoke"), {"release": selection, "reason": "x"}, follow=True),
    ):
        assert _read_messages(parse(response.content.decode())) == ["Select 1 to 100 releases."]


def test_a_release_that_does_not_exist(desk, release):
    page = parse(desk.get(_address("revoke"), {"release": [release.pk, 999_999]}).content.decode())
    assert "1 selected release no longer exists." in page.text
    shown = _read_messages(_send(desk, "revoke", ["999999:published"], "Malware."))
    assert shown == ["A selected release no longer exists."]


def test_unknown_decisions_and_methods(desk, release):
    assert desk.get("/admin/registry/release/decide/explode/").status_code == 404
    assert desk.put(_address("revoke")).status_code == 405


@pytest.mark.parametrize("name", DECISIONS)
def test_only_moderators_of_the_staff_decide(create_user, release, name):
    """Staff sees releases without decisions; a moderator without staff cannot enter the admin."""
    _set_state(release, DECISIONS[name].sources[0])
    target = {"release": [release.pk]}
    staff = _sign_in(create_user("clerk", is_staff=True))
    assert staff.get(_address(name), target).status_code == 403
    assert staff.post(_address(name), target | {"reason": "x"}).status_code == 403
    response = staff.get(reverse("admin:registry_release_change", args=[release.pk]))
    assert response.status_code == 200
    assert "/decide/" not in response.text
    assert "/decide/" not in staff.get("/admin/").text
    assert 'value="revoke_release"' not in staff.get("/admin/registry/release/").text
    outside = _sign_in(create_user("helper", is_moderator=True))
    assert outside.get(_address(name), target).status_code == 302
    assert outside.post(_address(name), target | {"reason": "x"}).status_code == 302
    release.refresh_from_db()
    assert release.state == DECISIONS[name].sources[0]
    root = _sign_in(create_user("root", is_staff=True, is_superuser=True))
    assert _open(root, name, release).all("textarea")


def test_moderators_only_quarantine_their_own_plugins(desk, moderator, release):
    Member.objects.create(plugin=release.plugin, holder=moderator.owner, role=Role.OWNER)
    assert "This is your own plugin." in _open(desk, "revoke", release).text
    shown = _read_messages(_send(desk, "revoke", [f"{release.pk}:published"], "Mine."))
    assert shown[0].startswith(f"{release.plugin.name} is your own plugin")
    page = parse(
        desk.get(reverse("admin:registry_release_change", args=[release.pk])).content.decode()
    )
    assert [link.text for link in page.by_class("desk-button")] == ["Quarantine…"]
    _send(desk, "quarantine", [f"{release.pk}:published"], "Hacked.")
    release.refresh_from_db()
    assert release.state == S.QUARANTINED


def _hold(release: Release, **finding: object) -> Release:
    """Hold the release for a finding."""
    found = {"rule": "secret-possible", "severity": "warning", "message": "A password.", **finding}
    CheckRun.objects.filter(release=release, name="secrets").update(findings=[found])
    return _set_state(release, S.HELD)


def test_findings_are_readable_and_escaped(desk, release):
    """Titles instead of JSON; text of the author cannot become markup and is cut."""
    _hold(
        release,
        message="<script>alert(1)</script>" + "x" * 5000,
        path="src/<b>.js",
        line=7,
        hint="Remove it.",
    )
    response = desk.get(reverse("admin:registry_release_change", args=[release.pk]))
    page = parse(response.content.decode())
    (text,) = (item.text for item in page.by_class("finding") if "config" not in item.text)
    for part in ("Warning", "Password for an internal host", "src/<b>.js:7", "Remove it."):
        assert part in text
    assert "<script>alert(1)" in text
    assert "<script>alert" not in response.text
    assert len(text) < 1500
    headings = [item.one("h3").text for item in page.by_class("desk-item") if item.all("h3")]
    assert any(heading.startswith("Passed Archive") for heading in headings)
    assert all(" ms" in heading for heading in headings)
    assert "{'rule'" not in page.text
    links = {link.attrs["href"] for link in page.all("a")}
    assert f"/publications/{release.public_id}" in links
    assert reverse("admin:registry_plugin_change", args=[release.plugin_id]) in links
    assert not any("auditentry" in (link or "") for link in links)


def test_fields_without_a_value_are_left_out(desk, release):
    address = reverse("admin:registry_release_change", args=[release.pk])
    assert "Yanked" not in parse(desk.get(address).content.decode()).text
    Release.objects.filter(pk=release.pk).update(yanked_reason="Broken.")
    page = parse(desk.get(address).content.decode())
    assert "Broken." in page.by_class("field-yanked_reason")[0].text
    assert str(release.public_id) in page.text


def test_many_findings_are_counted(desk, release):
    found = {"rule": "gone-rule", "severity": "note", "message": "Note."}
    CheckRun.objects.filter(release=release, name="files").update(findings=[found] * 101)
    response = desk.get(reverse("admin:registry_release_change", args=[release.pk]))
    page = parse(response.content.decode())
    assert len(page.by_class("finding")) == 25
    assert "76 more findings" in page.text


def test_the_page_of_a_release_leads_to_account_and_audit(create_user, release):
    """For accounts that may view them; the history of the version is for all staff."""
    root = _sign_in(create_user("root", is_staff=True, is_superuser=True))
    page = parse(
        root.get(reverse("admin:registry_release_change", args=[release.pk])).content.decode()
    )
    assert "All checks passed." in page.text
    links = {link.attrs["href"] or "" for link in page.all("a")}
    assert reverse("admin:accounts_user_change", args=[release.published_by_id]) in links
    audit = next(link for link in links if "auditentry" in link)
    rows = parse(root.get(audit).content.decode()).one(id="result_list")
    assert {cell.text for cell in rows.by_class("field-target")} == {str(release)}


def test_the_overview_shows_what_needs_a_person(desk, publisher, moderator):
    """Held releases, the oldest first, failed jobs and quarantines, each with what matters."""
    newer = publisher.publish("newer")
    older = _hold(publisher.publish("older"), path="config.js", line=3)
    Release.objects.filter(pk=older.pk).update(created_at="2026-01-01T00:00:00Z")
    _set_state(newer, S.HELD)
    blocked = publisher.publish("blocked")
    _send(desk, "quarantine", [f"{blocked.pk}:published"], "It reads `keys`.")
    Job.objects.create(kind="cook", key="7", state=JobState.FAILED, last_error="No handler.")
    page = parse(desk.get("/admin/").content.decode())
    held = page.one("section", aria_labelledby="held").by_class("desk-item")
    assert [item.one("h3").text for item in held] == ["older 1.0.0", "newer 1.0.0"]
    for part in ("by acme", "2 warnings", "A password.", "config.js:3"):
        assert part in held[0].text
    assert [link.text for link in held[0].by_class("desk-button")] == [
        "Approve older@1.0.0 …",
        "Reject older@1.0.0 …",
    ]
    assert "No handler." in page.one("section", aria_labelledby="failed").text
    latest = page.one("section", aria_labelledby="quarantined").text
    assert "by maude" in latest
    assert "It reads keys ." in latest
    assert [item.text for item in page.one(class_="desk-counts").all("a")] == [
        "2 held",
        "1 quarantined",
        "1 failed job",
        "0 open claims",
    ]


def test_an_empty_overview(desk, release):
    page = parse(desk.get("/admin/").content.decode())
    assert "Nothing needs a decision." in page.text
    assert page.all("a", href="/admin/registry/release/")


def test_the_admin_has_the_name_of_the_registry(desk, settings):
    settings.REGISTRY_NAME = "Acme <plugins>"
    response = desk.get("/admin/")
    page = parse(response.content.decode())
    assert page.one(id="site-name").text == "Acme <plugins>"
    assert page.one("title").text == "Administration · Acme <plugins> administration"
    assert page.all("a", href="/")
    assert [link.attrs["href"] for link in page.all("link", rel="icon")] == [
        "/static/icons/mark.svg"
    ]
    # The policy allows no inline scripts.
    assert all(script.attrs.get("src") for script in page.all("script"))
    assert "script-src 'self';" in response.headers["Content-Security-Policy"]


def test_the_number_of_queries_does_not_grow(desk, publisher, django_assert_num_queries):
    """Session, account and permissions take four."""
    # A process loads the content type of a model once, for Django's link to the public page.
    ContentType.objects.get_for_model(Release)
    # The first request of a session records its browser.
    desk.get("/admin/")
    releases = [_hold(publisher.publish(f"plugin-{number}")) for number in range(2)]
    for some in (releases[:1], releases):
        Release.objects.exclude(pk__in=[each.pk for each in some]).update(state=S.PUBLISHED)
        with django_assert_num_queries(4 + 9):
            assert desk.get("/admin/").status_code == 200
        with django_assert_num_queries(4 + 3):
            desk.get(_address("approve"), {"release": [each.pk for each in some]})
        Release.objects.update(state=S.HELD)
    with django_assert_num_queries(4 + 4):
        desk.get(reverse("admin:registry_release_change", args=[releases[0].pk]))


def test_the_overview_shows_claims_and_transfers_that_fail(desk, release, owner, moderator):
    receiver = create_user("theo")
    transfer = Transfer.objects.create(
        plugin=release.plugin,
        giver=owner.owner,
        receiver=receiver.owner,
        offered_by=owner,
        state="accepted",
        expires_at=timezone.now(),
        failures=3,
        retry_at=timezone.now(),
        last_error="DataError: <b>too long</b>",
    )
    for number, state in enumerate(("open", "objected")):
        Claim.objects.create(
            plugin=release.plugin if number else None,
            scope=None if number else create_scope(actor=owner, name="wind")[0],
            kind="name",
            claimant=receiver,
            receiver=receiver.owner,
            state=state,
            answer_by=timezone.now() + dt.timedelta(days=3),
        )
    page = parse(desk.get("/admin/").content.decode())
    counts = page.one(class_="desk-counts").text
    assert ("2 open claims" in counts, "1 to decide" in counts) == (True, True)
    assert "1 failing transfer" in counts
    assert "DataError: <b>too long</b>" in page.text
    listed = desk.get(reverse("admin:registry_transfer_changelist"), {"failing": "1"})
    assert listed.status_code == 200
    assert release.plugin.name in listed.content.decode()
    Transfer.objects.update(failures=0)
    assert "failing" not in desk.get("/admin/").content.decode()
    shown = reverse("admin:registry_transfer_change", args=[transfer.pk])
    assert desk.get(shown).status_code == 200
