"""The pages and actions of moderators in the admin."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse

from accounts.models import AuditEntry
from marketplace.models import SearchTerm
from registry.actions.run_job_again import run_job_again
from registry.errors import NotMemberError
from registry.jobs.kinds import PURGE_CACHE
from registry.jobs.queue import lease_job
from registry.models import Job, JobState, Plugin
from tests.functional.api.calls import AWS_KEY
from tests.functional.pages.dom import Node, parse


@pytest.fixture
def desk(moderator) -> Client:
    """Signed in as a moderator."""
    client = Client()
    client.force_login(moderator, backend="django.contrib.auth.backends.ModelBackend")
    return client


def _act(desk: Client, action: str, *names: str) -> list[str]:
    """Select the plugins, run the action, and return the messages of the page."""
    keys = Plugin.objects.filter(name__in=names).values_list("pk", flat=True)
    return _act_on("plugin", desk, action, keys)


def _act_on(model: str, desk: Client, action: str, keys: Iterable[int]) -> list[str]:
    response = desk.post(
        reverse(f"admin:registry_{model}_changelist"),
        {"action": action, "_selected_action": [str(key) for key in keys]},
        follow=True,
    )
    page: Node = parse(response.content.decode())
    return [line.text for line in page.one(class_="messagelist").all("li")]


def test_featuring_shows_a_message_and_keeps_the_position(desk, publisher, open_page):
    """A message names each plugin with its result; featuring again keeps the position."""
    publisher.publish("first")
    publisher.publish("second")
    assert _act(desk, "feature", "first") == ["Now featured: first."]
    assert _act(desk, "feature", "second") == ["Now featured: second."]
    assert _act(desk, "feature", "first") == ["Already featured: first."]
    rows = open_page("/").one("section", aria_labelledby="featured").by_class("row")
    assert [row.one("h3").all("a")[0].text for row in rows] == ["second", "first"]
    assert _act(desk, "unfeature", "first") == ["No longer featured: first."]
    assert _act(desk, "unfeature", "first") == ["Not featured: first."]
    acts = AuditEntry.objects.filter(action__endswith="featured").order_by("id")
    assert list(acts.values_list("action", "target")) == [
        ("plugin.featured", "first"),
        ("plugin.featured", "second"),
        ("plugin.unfeatured", "first"),
    ]


def test_featuring_what_is_not_listed(desk, publisher, moderator, open_page):
    """An unlisted plugin stays hidden until it is listed, and the moderator sees a message."""
    from registry.actions.moderate_release import quarantine_release

    release = publisher.publish("hidden")
    quarantine_release(actor=moderator, release=release, reason="Looked at.")
    assert _act(desk, "feature", "hidden") == [
        "Featured, but not shown until it is listed: hidden."
    ]
    assert not open_page("/").all(id="featured")


def test_only_moderators_feature(publisher, owner):
    """Staff who are not moderators see why nothing happens."""
    publisher.publish("first")
    owner.is_staff = True
    owner.save()
    client = Client()
    client.force_login(owner, backend="django.contrib.auth.backends.ModelBackend")
    assert "moderator" in " ".join(_act(client, "feature", "first")).lower()
    assert not Plugin.objects.filter(featured_at__isnull=False).exists()


def test_plugins_by_whether_they_are_featured(desk, publisher):
    """The filter shows only featured plugins."""
    publisher.publish("first")
    publisher.publish("second")
    _act(desk, "feature", "first")
    address = reverse("admin:registry_plugin_changelist")
    page = parse(desk.get(address, {"featured_at__isempty": "0"}).content.decode())
    assert [cell.text for cell in page.by_class("field-name")] == ["first"]


def test_numbers_of_a_search_come_before_its_words(desk):
    """The list truncates long terms; the page of the row shows them in full."""
    today = dt.date(2026, 1, 31)
    term = "w" * 100
    row = SearchTerm.objects.create(day=today, term=term, filters="tag=" + "t" * 190, searches=3)
    page = parse(desk.get(reverse("admin:marketplace_searchterm_changelist")).content.decode())
    cells = [
        cell.attrs["class"].split()[0]
        for cell in page.one(id="result_list").all("tr")[1].children
        if isinstance(cell, Node)
    ]
    assert cells == [
        "field-searches",
        "field-failed",
        "field-results",
        "field-clicks",
        "field-mean_rank",
        "field-cut_term",
        "field-day",
        "field-cut_filters",
    ]
    shown = [page.by_class(f"field-cut_{name}")[0].text for name in ("term", "filters")]
    assert shown == ["w" * 23 + "…", "tag=" + "t" * 19 + "…"]
    assert term in desk.get(reverse("admin:marketplace_searchterm_change", args=[row.pk])).text


def test_searches_that_found_nothing(desk):
    """A filter shows only terms without results."""
    for term, failed in (("known", 0), ("wanted", 2)):
        SearchTerm.objects.create(day=dt.date(2026, 1, 31), term=term, searches=4, failed=failed)
    address = reverse("admin:marketplace_searchterm_changelist")

    def read(choice: str) -> list[str]:
        page = parse(desk.get(address, {"found": choice} if choice else {}).content.decode())
        return sorted(cell.text for cell in page.by_class("field-cut_term"))

    assert read("") == ["known", "wanted"]
    assert read("nothing") == ["wanted"]
    assert read("something") == ["known"]


def test_a_release_links_to_the_page_of_its_upload(desk, publisher):
    release = publisher.publish("@acme/chat", files={"key.txt": AWS_KEY})
    page = desk.get(reverse("admin:registry_release_change", args=[release.pk]))
    link = f"/publications/{release.public_id}"
    assert link in parse(page.content.decode()).links
    assert desk.get(link).status_code == 200


def _create_jobs(*states: JobState) -> list[Job]:
    """A job in each of the states, with as many attempts as a job has at most."""
    return [
        Job.objects.create(
            kind=PURGE_CACHE, key=f"{number}-key", state=state, attempts=24, last_error="Down."
        )
        for number, state in enumerate(states, 1)
    ]


def test_failed_jobs_run_again(desk, moderator):
    """The next worker takes them with all attempts. Others are left to their worker, and named."""
    jobs = _create_jobs(JobState.FAILED, JobState.LEASED, JobState.FAILED, JobState.QUEUED)
    assert _act_on("job", desk, "run_again", [job.pk for job in jobs]) == [
        "Queued again: purge-cache 1-key, purge-cache 3-key.",
        "Not failed, and left as they are: purge-cache 2-key, purge-cache 4-key.",
    ]
    assert list(Job.objects.order_by("pk").values_list("state", "attempts")) == [
        (JobState.QUEUED, 0),
        (JobState.LEASED, 24),
        (JobState.QUEUED, 0),
        (JobState.QUEUED, 24),
    ]
    taken = [lease_job() for _ in range(3)]
    assert {lease.attempts for lease in taken if lease and lease.job_id != jobs[3].pk} == {1}
    entries = AuditEntry.objects.filter(action="job.requeued").order_by("id")
    assert list(entries.values_list("actor_name", "target", "details")) == [
        (moderator.username, f"purge-cache {key}", {"attempts": 24}) for key in ("1-key", "3-key")
    ]
    logged = LogEntry.objects.filter(user=moderator).values_list("object_repr", flat=True)
    assert sorted(logged) == ["purge-cache 1-key", "purge-cache 3-key"]


def test_a_message_names_the_first_jobs_of_many(desk):
    jobs = _create_jobs(*[JobState.FAILED] * 12)
    (message,) = _act_on("job", desk, "run_again", [job.pk for job in jobs])
    assert message.endswith("purge-cache 9-key, purge-cache 10-key and 2 more.")


def test_only_moderators_run_jobs_again(owner):
    """Staff may view the jobs, and have no action for them."""
    (job,) = _create_jobs(JobState.FAILED)
    owner.is_staff = True
    owner.save()
    client = Client()
    client.force_login(owner, backend="django.contrib.auth.backends.ModelBackend")
    page = client.get(reverse("admin:registry_job_changelist")).content.decode()
    assert "1-key" in page
    assert "Run again" not in page
    client.post(
        reverse("admin:registry_job_changelist"),
        {"action": "run_again", "_selected_action": [str(job.pk)]},
    )
    with pytest.raises(NotMemberError):
        run_job_again(actor=owner, job=job)
    job.refresh_from_db()
    assert job.state == JobState.FAILED
    assert not AuditEntry.objects.filter(action="job.requeued").exists()
