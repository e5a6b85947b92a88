"""`POST /plugins`: accepted and refused uploads and their responses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.models import AuditEntry, User
from plugport.spec.archive.model import ArchiveLimits
from registry.api.v1 import publish
from registry.jobs.runner import run_pending_jobs
from registry.models import (
    Artifact,
    Job,
    JournalEntry,
    Member,
    Plugin,
    Release,
    Role,
    Upload,
)
from tests.functional.api.calls import AWS_KEY, Api, expect_problem, read_refusal
from tests.support.people import create_api_token, create_user
from tests.support.publishing import Publisher, build_package

PACKAGE = build_package()
WRONG_TAGS = [
    *("1.0.0", "v1", "x", "BETA", "-a", "a b", "a" * 65, "download", "readme", "ä", "^1", "v1.x")
]
BROKEN_BASE64 = (
    b'--b\r\nContent-Disposition: form-data; name="package"; filename="p"\r\n'
    b"Content-Transfer-Encoding: base64\r\n\r\n!!!!\r\n--b--\r\n"
)


def check_nothing_is_left(settings: Any, packages_dir: Path) -> None:
    """A refused upload leaves no row, no object and no scratch file."""
    for model in (Plugin, Release, Artifact, Upload, Job):
        assert not model.objects.exists(), model
    assert list_files(packages_dir) == []
    assert list_files(Path(settings.SCRATCH_DIR)) == []


def list_files(folder: Path) -> list[Path]:
    return [p for p in folder.rglob("*") if p.is_file() and p.name != ".lock"]


def test_202_has_the_release_and_where_to_look(author: Api) -> None:
    response = author.publish(PACKAGE, changelog="First.")
    document = response.json()
    assert response.status_code == 202
    assert response.headers["Cache-Control"] == "private, no-store"
    assert response.headers["Location"] == document["statusUrl"]
    assert (document["name"], document["version"]) == ("@acme/chat", "1.0.0")
    assert document["state"] == "checking"
    assert document["description"] == "First."
    assert document["publishedBy"] == "acme"
    assert document["installPolicy"] == "block"
    assert [check["state"] for check in document["checks"]] == ["queued"] * 6
    assert Job.objects.count() == 1


def test_checks_make_it_public(author: Api, api: Api) -> None:
    status_url = author.publish(PACKAGE).json()["statusUrl"]
    assert run_pending_jobs() == 1
    status = author.get(status_url.removeprefix("http://127.0.0.1:8000")).json()
    assert status["state"] == "published"
    assert api.get("/plugins/@acme/chat/1.0.0/download").getvalue() == PACKAGE


def test_wrong_wait_is_refused(author: Api, settings: Any, packages_dir: Path) -> None:
    refusals = {
        wait: read_refusal(author.publish(PACKAGE, f"/plugins?wait={wait}"))
        for wait in ("61", "-1", "x", "1.5")
    }
    assert refusals == dict.fromkeys(refusals, (400, "invalid-query"))
    check_nothing_is_left(settings, packages_dir)


def test_same_bytes_succeed_again(author: Api, packages_dir: Path) -> None:
    first = author.publish(PACKAGE)
    again = author.publish(PACKAGE)
    assert (first.status_code, again.status_code) == (202, 202)
    assert again.json()["statusUrl"] == first.json()["statusUrl"]
    run_pending_jobs()
    third = author.publish(PACKAGE)
    assert (third.status_code, third.json()["state"]) == (200, "published")
    assert third.json()["statusUrl"] == first.json()["statusUrl"]
    assert Release.objects.count() == Artifact.objects.count() == 1
    assert not Upload.objects.exists()


def test_other_bytes_conflict_with_the_first_upload(author: Api) -> None:
    author.publish(PACKAGE)
    other = build_package(files={"index.js": "export default 1;\n"})
    same_version = "If it is rejected, you can publish the same version again."
    for state, verb in (("checking", "uploaded"), ("published", "published")):
        problem = expect_problem(author.publish(other), 409, "version-taken")
        assert f"`@acme/chat@1.0.0` was {verb} by `acme`" in problem["detail"]
        assert problem["publishedBy"] == "acme"
        assert problem["publishedAt"]
        assert problem["state"] == state
        assert "ncrease the version" in problem["hint"]
        assert (same_version in problem["hint"]) == (state == "checking")
        run_pending_jobs()
    assert Release.objects.count() == 1


def test_build_part_makes_no_new_version(author: Api) -> None:
    author.publish(build_package(version="1.0.0+a"))
    expect_problem(author.publish(build_package(version="1.0.0+b")), 409, "version-taken")


def test_rejected_version_can_be_fixed(author: Api) -> None:
    author.publish(build_package(files={"keys.js": f'const k = "{AWS_KEY}";\n'}))
    run_pending_jobs()
    assert Release.objects.get().state == "rejected"
    response = author.publish(PACKAGE)
    assert response.status_code == 202
    run_pending_jobs()
    assert author.publish(PACKAGE).status_code == 200


def test_manifests_that_contradict_each_other_are_rejected(author: Api) -> None:
    other = {"name": "chat", "version": "1.0.0", "permissions": {"exec": ["curl"]}}
    author.publish(build_package(files={".claude-plugin/plugin.json": json.dumps(other)}))
    run_pending_jobs()
    release = Release.objects.get()
    assert release.state == "rejected"
    assert "`permissions.exec` is not declared in `plugport.yaml`" in release.verdict_reason


def test_the_evidence_for_a_secret_decides(author: Api) -> None:
    url = "postgres://app:" + "s3cretive9x@prod-db.internal/live"
    expected = {"docs/guide.md": "published", "src/db.js": "held"}
    for number, path in enumerate(expected):
        author.publish(build_package(version=f"1.{number}.0", files={path: url}))
    run_pending_jobs()
    states = Release.objects.order_by("version").values_list("state", flat=True)
    assert list(states) == list(expected.values())


def test_colleague_gets_the_same_release_after_the_first_has_left(
    author: Api, owner: User, create_user: Any
) -> None:
    author.publish(PACKAGE)
    run_pending_jobs()
    plugin = Plugin.objects.get()
    colleague = create_user("colleague")
    Member.objects.create(plugin=plugin, holder=colleague.owner, role=Role.OWNER)
    Member.objects.filter(plugin=plugin, holder__user=owner).delete()
    response = Api(create_api_token(colleague)).publish(PACKAGE)
    assert response.status_code == 200, response.content
    assert response.json()["publishedBy"] == "acme"


def test_tags(author: Api, api: Api) -> None:
    """A release with another tag does not become `latest`."""
    author.publish(build_package(version="0.9.0"))
    tags = {tag: f"1.0.{n}" for n, tag in enumerate(("beta", "next-2", "a", "a" * 64, "rel_1.x"))}
    for tag, version in tags.items():
        assert author.publish(build_package(version=version), tag=tag).status_code == 202, tag
    run_pending_jobs()
    tags["latest"] = "0.9.0"
    assert api.get("/plugins/@acme/chat").json()["distTags"] == tags
    assert author.publish(build_package(version="1.1.0"), tag="latest").status_code == 202
    run_pending_jobs()
    tags["latest"] = "1.1.0"
    assert api.get("/plugins/@acme/chat").json()["distTags"] == tags


def test_wrong_tags(author: Api, settings: Any, packages_dir: Path) -> None:
    responses = {tag: author.publish(PACKAGE, tag=tag) for tag in WRONG_TAGS}
    refusals = {tag: read_refusal(response) for tag, response in responses.items()}
    assert refusals == dict.fromkeys(WRONG_TAGS, (400, "invalid-tag"))
    assert [tag for tag, each in responses.items() if "`beta`" not in each.json()["hint"]] == []
    check_nothing_is_left(settings, packages_dir)


def test_empty_tag_is_none(author: Api) -> None:
    assert author.publish(PACKAGE, tag="").status_code == 202


def test_anonymous_may_not(api: Api, settings: Any, packages_dir: Path) -> None:
    response = api.publish(PACKAGE)
    expect_problem(response, 401, "unauthenticated")
    assert response.headers["WWW-Authenticate"] == 'Bearer realm="plugport"'
    check_nothing_is_left(settings, packages_dir)


def test_token_needs_the_scope(owner: User, settings: Any, packages_dir: Path) -> None:
    for scopes in (("read",), ("manage",), ("read", "manage")):
        response = Api(create_api_token(owner, *scopes)).publish(PACKAGE)
        problem = expect_problem(response, 403, "token-scope")
        assert "`publish`" in problem["detail"], scopes
    check_nothing_is_left(settings, packages_dir)


def test_token_may_be_limited(owner: User) -> None:
    for limit in ("@acme/other", "@other", "chat"):
        response = Api(create_api_token(owner, "publish", limit=limit)).publish(PACKAGE)
        problem = expect_problem(response, 403, "token-scope")
        assert f"`{limit}`" in problem["detail"]
        assert not Plugin.objects.exists()
    for limit, name in (("@acme/chat", "@acme/chat"), ("@acme", "@acme/talk")):
        caller = Api(create_api_token(owner, "publish", limit=limit))
        assert caller.publish(build_package(name)).status_code == 202, limit


def test_outsider_may_not_publish_in_it(author: Api, stranger: Api) -> None:
    author.publish(build_package("shared"))
    problem = expect_problem(
        stranger.publish(build_package("shared", "2.0.0")), 403, "not-a-member"
    )
    assert "`shared`" in problem["detail"]
    expect_problem(stranger.publish(build_package("shared")), 403, "not-a-member")
    assert Release.objects.count() == 1


def test_every_role_may_publish(author: Api, outsider: User, stranger: Api) -> None:
    author.publish(PACKAGE)
    plugin = Plugin.objects.get()
    for number, role in enumerate(Role, start=1):
        Member.objects.update_or_create(
            plugin=plugin, holder=outsider.owner, defaults={"role": role}
        )
        response = stranger.publish(build_package(version=f"1.{number}.0"))
        assert response.status_code == 202, role


def test_scope_belongs_to_its_account(stranger: Api, owner: User) -> None:
    problem = expect_problem(stranger.publish(PACKAGE), 403, "scope-denied")
    assert "`acme`" in problem["detail"]


def test_scope_that_looks_like_another_is_refused(author: Api, stranger: Api) -> None:
    author.publish(PACKAGE)
    expect_problem(stranger.publish(build_package("@ac-me/chat")), 403, "scope-denied")


def test_publishing_creates_no_scope(author: Api, settings: Any, packages_dir: Path) -> None:
    problem = expect_problem(author.publish(build_package("@tide/chat")), 403, "scope-not-created")
    assert "plugport scope create tide" in problem["hint"]
    check_nothing_is_left(settings, packages_dir)


def test_official_scope_is_given_by_the_operator(stranger: Api) -> None:
    expect_problem(stranger.publish(build_package("@ar/chat")), 403, "official-scope")


def test_names_that_look_alike_collide(author: Api, stranger: Api) -> None:
    author.publish(build_package("chat"))
    for name in ("cha-t", "c.hat", "c-h-a-t"):
        problem = expect_problem(stranger.publish(build_package(name)), 409, "name-collision")
        assert problem["collidesWith"] == "chat", name


def test_reserved_names(author: Api, settings: Any, packages_dir: Path) -> None:
    for name in ("plugins", "npm", "featured", "popular", "recent"):
        response = author.publish(build_package(name))
        assert response.json()["code"] == "reserved-name", name
        assert 400 <= response.status_code < 500
    check_nothing_is_left(settings, packages_dir)


def test_manifest_errors_are_reported_at_once(
    author: Api, settings: Any, packages_dir: Path
) -> None:
    broken = build_package(version="1.0", kind="gadget", tags=7)
    problem = expect_problem(author.publish(broken), 400, "invalid-manifest")
    assert {"version", "kind", "tags"} <= {error["field"] for error in problem["errors"]}
    for error in problem["errors"]:
        assert error["detail"]
        assert error["file"] == "plugport.yaml"
        assert error["line"] >= 1
    check_nothing_is_left(settings, packages_dir)


def test_no_package(author: Api) -> None:
    problem = expect_problem(author.publish(None, tag="beta"), 400, "upload-missing")
    assert "package" in problem["hint"]
    expect_problem(author.publish(None), 400, "upload-missing")


def test_all_errors_of_a_form_are_reported_at_once(author: Api, settings: Any) -> None:
    fields = {"tag": "1.x", "changelog": "a\0b", "channel": "beta"}
    for package, missing in ((None, ["package"]), (PACKAGE, [])):
        problem = expect_problem(author.publish(package, **fields), 400, "invalid")
        reported = [error["field"] for error in problem["errors"]]
        assert reported == [*missing, "channel", "changelog", "tag"]
    response = author.send_form(package="my-plugin.tgz", tag="1.x")
    problem = expect_problem(response, 400, "invalid")
    assert [error["field"] for error in problem["errors"]] == ["package", "tag"]


def test_package_sent_as_text(author: Api) -> None:
    response = author.send_form(package="my-plugin.tgz")
    problem = expect_problem(response, 400, "upload-missing")
    assert "text" in problem["detail"]


def test_two_packages(author: Api, settings: Any, packages_dir: Path) -> None:
    two = [SimpleUploadedFile("a.tgz", PACKAGE), SimpleUploadedFile("b.tgz", PACKAGE)]
    response = author.send_form(package=two)
    problem = expect_problem(response, 400, "unexpected-file")
    assert "one file" in problem["hint"]
    check_nothing_is_left(settings, packages_dir)


def test_file_in_another_field(author: Api, settings: Any, packages_dir: Path) -> None:
    response = author.publish(PACKAGE, provenence=SimpleUploadedFile("x.json", b"{}"))
    problem = expect_problem(response, 400, "unexpected-file")
    assert "`provenence`" in problem["detail"]
    check_nothing_is_left(settings, packages_dir)


def test_unknown_fields_are_named(author: Api, settings: Any, packages_dir: Path) -> None:
    response = author.publish(PACKAGE, tags="beta", private="1", **{"x" * 900: "y"})
    problem = expect_problem(response, 400, "invalid")
    assert {error["field"] for error in problem["errors"]} == {"tags", "private", "x" * 100}
    assert {error["allowed"] for error in problem["errors"]} == {
        "package, tag, changelog, visibility"
    }
    check_nothing_is_left(settings, packages_dir)


def test_nul_in_a_field(author: Api, settings: Any, packages_dir: Path) -> None:
    for field in ("tag", "changelog"):
        expect_problem(author.publish(PACKAGE, **{field: "a\x00b"}), 400, "invalid")
    check_nothing_is_left(settings, packages_dir)


def test_field_sent_twice(author: Api, settings: Any, packages_dir: Path) -> None:
    expect_problem(author.publish(PACKAGE, tag=["beta", "next"]), 400, "invalid")
    check_nothing_is_left(settings, packages_dir)


def test_changelog_is_kept_to_its_limit(author: Api, api: Api) -> None:
    longest = "ä" * 65_536
    assert author.publish(PACKAGE, changelog=longest).json()["description"] == longest
    response = author.publish(build_package(version="1.1.0"), changelog=longest + "x")
    problem = expect_problem(response, 400, "invalid")
    assert problem["errors"][0]["field"] == "changelog"


def test_field_larger_than_memory_is_refused(
    author: Api, settings: Any, packages_dir: Path
) -> None:
    expect_problem(author.publish(PACKAGE, changelog="x" * (2 << 20)), 413, "body-too-large")
    check_nothing_is_left(settings, packages_dir)


def test_too_many_fields(author: Api, settings: Any, packages_dir: Path) -> None:
    fields = {f"f{number}": "x" for number in range(1500)}
    expect_problem(author.publish(PACKAGE, **fields), 400, "malformed-request")
    check_nothing_is_left(settings, packages_dir)


def test_upload_over_the_limit(author: Api, settings: Any, packages_dir: Path) -> None:
    settings.ARCHIVE_LIMITS = ArchiveLimits(archive_bytes=300)
    problem = expect_problem(author.publish(PACKAGE), 413, "upload-too-large")
    assert "300 bytes" in problem["detail"]
    assert problem["limitBytes"] == 300
    check_nothing_is_left(settings, packages_dir)


def test_upload_at_the_limit_is_taken(author: Api, settings: Any) -> None:
    settings.ARCHIVE_LIMITS = ArchiveLimits(archive_bytes=len(PACKAGE))
    assert author.publish(PACKAGE).status_code == 202


def test_other_media_types(author: Api) -> None:
    bodies = {
        "application/json": b"{}",
        "application/gzip": PACKAGE,
        "application/x-www-form-urlencoded": b"package=x",
        "text/plain": b"x",
    }
    refusals = {
        kind: read_refusal(author.call("POST", "/plugins", data=body, content_type=kind))
        for kind, body in bodies.items()
    }
    assert refusals == dict.fromkeys(bodies, (415, "unsupported-media-type"))


BROKEN_FORMS = [
    ("multipart/form-data", b"x", "malformed-request"),
    ("multipart/form-data; boundary=", b"x", "malformed-request"),
    ("multipart/form-data; boundary=" + "b" * 300, b"x", "malformed-request"),
    ("multipart/form-data; boundary=\x01", b"x", "malformed-request"),
    ("multipart/form-data; boundary=b", b"no boundary in here", "upload-missing"),
    ("multipart/form-data; boundary=b", b"--b\r\n\r\n\r\n--b--\r\n", "upload-missing"),
    (
        "multipart/form-data; boundary=b",
        b"--b\r\nContent-Disposition: form-data\r\n\r\nx",
        "upload-missing",
    ),
    (
        "multipart/form-data; boundary=b",
        BROKEN_BASE64,
        "archive-empty",
    ),
]


def test_broken_forms(author: Api, settings: Any, packages_dir: Path) -> None:
    refusals = [
        (kind, body, read_refusal(author.call("POST", "/plugins", data=body, content_type=kind)))
        for kind, body, _ in BROKEN_FORMS
    ]
    assert refusals == [(kind, body, (400, code)) for kind, body, code in BROKEN_FORMS]
    check_nothing_is_left(settings, packages_dir)


def test_form_cut_in_the_middle(author: Api, settings: Any, packages_dir: Path) -> None:
    head = b'--b\r\nContent-Disposition: form-data; name="package"; filename="p"\r\n\r\n'
    for body in (head + PACKAGE[:200], head + PACKAGE, head):
        response = author.call(
            "POST", "/plugins", data=body[:-1], content_type="multipart/form-data; boundary=b"
        )
        assert response.status_code == 400, response.content
    check_nothing_is_left(settings, packages_dir)


def test_broken_storage_takes_nothing(author: Api, settings: Any, packages_dir: Path) -> None:
    """A file in place of the package folder: storing fails."""
    packages_dir.parent.mkdir(parents=True, exist_ok=True)
    packages_dir.write_bytes(b"")
    problem = expect_problem(author.publish(PACKAGE), 503, "storage-unavailable")
    assert str(packages_dir) not in str(problem)
    for model in (Plugin, Release, Artifact, Job):
        assert not model.objects.exists()
    assert list_files(Path(settings.SCRATCH_DIR)) == []


def test_nothing_of_a_refused_upload_reaches_the_records(author: Api) -> None:
    before = AuditEntry.objects.count()
    assert author.publish(b"junk").status_code == 400
    assert AuditEntry.objects.count() == before
    assert not JournalEntry.objects.exists()


def test_acts_are_audited_and_journalled(author: Api, owner: User) -> None:
    author.publish(PACKAGE)
    run_pending_jobs()
    actions = set(AuditEntry.objects.values_list("action", flat=True))
    assert {"plugin.created", "scope.created", "release.recorded", "release.published"} <= actions
    entry = JournalEntry.objects.get()
    assert (entry.event, entry.plugin, entry.version) == (
        "release.published",
        "@acme/chat",
        "1.0.0",
    )


def test_unscoped_names_are_first_come(stranger: Api, publisher: Publisher) -> None:
    create_user("third")
    assert stranger.publish(build_package("free-name")).status_code == 202
    assert Plugin.objects.get().members.get().holder.name == "mallory"


def test_no_more_than_a_few_wait_in_one_process(author: Api, settings: Any) -> None:
    for _ in range(settings.MAX_WAITING):
        assert publish.wait_slots.acquire(blocking=False)
    try:
        response = author.publish(PACKAGE, "/plugins?wait=60")
    finally:
        publish.wait_slots.release(settings.MAX_WAITING)
    assert (response.status_code, response.json()["state"]) == (202, "checking")


def test_a_slot_is_free_again_after_the_wait(author: Api, settings: Any) -> None:
    others = settings.MAX_WAITING - 1
    for _ in range(others):
        assert publish.wait_slots.acquire(blocking=False)
    try:
        response = author.publish(PACKAGE, "/plugins?wait=1")
        assert (response.status_code, response.json()["state"]) == (202, "checking")
        assert publish.wait_slots.acquire(blocking=False)
        publish.wait_slots.release()
    finally:
        publish.wait_slots.release(others)
