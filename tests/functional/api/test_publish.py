"""`POST /plugins`: what comes in, what is refused, and how it is told (API-2, REL-2, REL-5)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.models import AuditEntry, User
from plugport.spec.archive.model import ArchiveLimits
from registry.api.v1 import publish
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
from registry.work import work_off
from tests.functional.api.calls import AWS_KEY, Api, expect_problem
from tests.support.people import make_token, make_user
from tests.support.publishing import Publisher, make_package

PACKAGE = make_package()
BROKEN_BASE64 = (
    b'--b\r\nContent-Disposition: form-data; name="package"; filename="p"\r\n'
    b"Content-Transfer-Encoding: base64\r\n\r\n!!!!\r\n--b--\r\n"
)


def check_nothing_is_left(settings: Any, packages_dir: Path) -> None:
    """No record, no object and no scratch file of a refused upload."""
    for model in (Plugin, Release, Artifact, Upload, Job):
        assert not model.objects.exists(), model
    assert list_files(packages_dir) == []
    assert list_files(Path(settings.SCRATCH_DIR)) == []


def list_files(folder: Path) -> list[Path]:
    return [p for p in folder.rglob("*") if p.is_file() and p.name != ".lock"]


def test_202_has_the_release_and_where_to_look(author: Api) -> None:
    answer = author.publish(PACKAGE, changelog="First.")
    document = answer.json()
    assert answer.status_code == 202
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert answer.headers["Location"] == document["statusUrl"]
    assert (document["name"], document["version"]) == ("@acme/chat", "1.0.0")
    assert document["state"] == "checking"
    assert document["description"] == "First."
    assert document["publishedBy"] == "acme"
    assert document["installPolicy"] == "block"
    assert [check["state"] for check in document["checks"]] == ["queued"] * 6
    assert Job.objects.count() == 1


def test_checks_make_it_public(author: Api, api: Api) -> None:
    status_url = author.publish(PACKAGE).json()["statusUrl"]
    assert work_off() == 1
    status = author.get(status_url.removeprefix("http://127.0.0.1:8000")).json()
    assert status["state"] == "published"
    assert api.get("/plugins/@acme/chat/1.0.0/download").getvalue() == PACKAGE


def test_wait_ends_without_a_verdict(author: Api) -> None:
    answer = author.publish(PACKAGE, "/plugins?wait=1")
    assert (answer.status_code, answer.json()["state"]) == (202, "checking")


@pytest.mark.parametrize("wait", ["61", "-1", "x", "1.5"])
def test_wrong_wait_is_refused(author: Api, wait: str, settings: Any, packages_dir: Path) -> None:
    expect_problem(author.publish(PACKAGE, f"/plugins?wait={wait}"), 400, "invalid-query")
    check_nothing_is_left(settings, packages_dir)


def test_same_bytes_succeed_again(author: Api, packages_dir: Path) -> None:
    first = author.publish(PACKAGE)
    again = author.publish(PACKAGE)
    assert (first.status_code, again.status_code) == (202, 202)
    assert again.json()["statusUrl"] == first.json()["statusUrl"]
    work_off()
    third = author.publish(PACKAGE)
    assert (third.status_code, third.json()["state"]) == (200, "published")
    assert third.json()["statusUrl"] == first.json()["statusUrl"]
    assert Release.objects.count() == Artifact.objects.count() == 1
    assert not Upload.objects.exists()


def test_other_bytes_lose_to_who_was_first(author: Api) -> None:
    author.publish(PACKAGE)
    other = make_package(files={"index.js": "export default 1;\n"})
    for state in ("checking", "published"):
        problem = expect_problem(author.publish(other), 409, "version-taken")
        assert "`@acme/chat@1.0.0` was published by `acme`" in problem["detail"]
        assert problem["publishedBy"] == "acme"
        assert problem["publishedAt"]
        assert problem["state"] == state
        assert "raise the version" in problem["hint"]
        work_off()
    assert Release.objects.count() == 1


def test_build_part_makes_no_new_version(author: Api) -> None:
    author.publish(make_package(version="1.0.0+a"))
    expect_problem(author.publish(make_package(version="1.0.0+b")), 409, "version-taken")


def test_refused_version_may_be_mended(author: Api) -> None:
    author.publish(make_package(files={"keys.js": f'const k = "{AWS_KEY}";\n'}))
    work_off()
    assert Release.objects.get().state == "rejected"
    answer = author.publish(PACKAGE)
    assert answer.status_code == 202
    work_off()
    assert author.publish(PACKAGE).status_code == 200


def test_colleague_gets_the_same_release_after_the_first_has_left(
    author: Api, owner: User, make_user: Any
) -> None:
    author.publish(PACKAGE)
    work_off()
    plugin = Plugin.objects.get()
    colleague = make_user("colleague")
    Member.objects.create(plugin=plugin, user=colleague, role=Role.OWNER)
    Member.objects.filter(plugin=plugin, user=owner).delete()
    answer = Api(make_token(colleague)).publish(PACKAGE)
    assert answer.status_code == 200, answer.content
    assert answer.json()["publishedBy"] == "acme"


@pytest.mark.parametrize("tag", ["beta", "next-2", "a", "a" * 64, "latest", "rel_1.x"])
def test_tags(author: Api, api: Api, tag: str) -> None:
    author.publish(make_package(version="0.9.0"))
    assert author.publish(PACKAGE, tag=tag).status_code == 202
    work_off()
    tags = api.get("/plugins/@acme/chat").json()["distTags"]
    assert tags[tag] == "1.0.0"
    assert tags["latest"] == ("1.0.0" if tag == "latest" else "0.9.0")


@pytest.mark.parametrize(
    "tag",
    ["1.0.0", "v1", "x", "BETA", "-a", "a b", "a" * 65, "download", "readme", "ä", "^1", "v1.x"],
)
def test_wrong_tags(author: Api, tag: str, settings: Any, packages_dir: Path) -> None:
    problem = expect_problem(author.publish(PACKAGE, tag=tag), 400, "invalid-tag")
    assert "`beta`" in problem["hint"]
    check_nothing_is_left(settings, packages_dir)


def test_empty_tag_is_none(author: Api) -> None:
    assert author.publish(PACKAGE, tag="").status_code == 202


def test_anonymous_may_not(api: Api, settings: Any, packages_dir: Path) -> None:
    answer = api.publish(PACKAGE)
    expect_problem(answer, 401, "unauthenticated")
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="plugport"'
    check_nothing_is_left(settings, packages_dir)


@pytest.mark.parametrize("scopes", [("read",), ("manage",), ("read", "manage")])
def test_token_needs_the_scope(
    owner: User, scopes: tuple[str, ...], settings: Any, packages_dir: Path
) -> None:
    problem = expect_problem(Api(make_token(owner, *scopes)).publish(PACKAGE), 403, "token-scope")
    assert "`publish`" in problem["detail"]
    check_nothing_is_left(settings, packages_dir)


@pytest.mark.parametrize(
    ("limit", "status"),
    [("@acme/chat", 202), ("@acme", 202), ("@acme/other", 403), ("@other", 403), ("chat", 403)],
)
def test_token_may_be_limited(owner: User, limit: str, status: int) -> None:
    answer = Api(make_token(owner, "publish", limit=limit)).publish(PACKAGE)
    assert answer.status_code == status
    if status == 403:
        problem = expect_problem(answer, 403, "token-scope")
        assert f"`{limit}`" in problem["detail"]
        assert not Plugin.objects.exists()


def test_outsider_may_not_publish_in_it(author: Api, stranger: Api) -> None:
    author.publish(make_package("shared"))
    problem = expect_problem(stranger.publish(make_package("shared", "2.0.0")), 403, "not-a-member")
    assert "`shared`" in problem["detail"]
    expect_problem(stranger.publish(make_package("shared")), 403, "not-a-member")
    assert Release.objects.count() == 1


@pytest.mark.parametrize("role", list(Role))
def test_every_role_may_publish(author: Api, outsider: User, stranger: Api, role: Role) -> None:
    author.publish(PACKAGE)
    Member.objects.create(plugin=Plugin.objects.get(), user=outsider, role=role)
    assert stranger.publish(make_package(version="1.1.0")).status_code == 202


def test_scope_belongs_to_its_account(stranger: Api, owner: User) -> None:
    problem = expect_problem(stranger.publish(PACKAGE), 403, "scope-denied")
    assert "`acme`" in problem["detail"]


def test_scope_that_looks_like_another_is_refused(author: Api, stranger: Api) -> None:
    author.publish(PACKAGE)
    expect_problem(stranger.publish(make_package("@ac-me/chat")), 403, "scope-denied")


def test_official_scope_is_given_by_the_operator(stranger: Api) -> None:
    expect_problem(stranger.publish(make_package("@ar/chat")), 403, "official-scope")


@pytest.mark.parametrize("name", ["cha-t", "c.hat", "c-h-a-t"])
def test_names_that_look_alike_collide(author: Api, stranger: Api, name: str) -> None:
    author.publish(make_package("chat"))
    problem = expect_problem(stranger.publish(make_package(name)), 409, "name-collision")
    assert problem["collidesWith"] == "chat"


@pytest.mark.parametrize("name", ["plugins", "npm", "featured", "popular", "recent"])
def test_reserved_names(author: Api, name: str, settings: Any, packages_dir: Path) -> None:
    answer = author.publish(make_package(name))
    assert answer.json()["code"] == "reserved-name"
    assert 400 <= answer.status_code < 500
    check_nothing_is_left(settings, packages_dir)


def test_manifest_faults_come_all_at_once(author: Api, settings: Any, packages_dir: Path) -> None:
    broken = make_package(version="1.0", kind="gadget", tags=7)
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


def test_package_sent_as_text(author: Api) -> None:
    answer = author.send_form(package="my-plugin.tgz")
    problem = expect_problem(answer, 400, "upload-missing")
    assert "text" in problem["detail"]


def test_two_packages(author: Api, settings: Any, packages_dir: Path) -> None:
    two = [SimpleUploadedFile("a.tgz", PACKAGE), SimpleUploadedFile("b.tgz", PACKAGE)]
    answer = author.send_form(package=two)
    problem = expect_problem(answer, 400, "unexpected-file")
    assert "one file" in problem["hint"]
    check_nothing_is_left(settings, packages_dir)


def test_file_in_another_field(author: Api, settings: Any, packages_dir: Path) -> None:
    answer = author.publish(PACKAGE, provenence=SimpleUploadedFile("x.json", b"{}"))
    problem = expect_problem(answer, 400, "unexpected-file")
    assert "`provenence`" in problem["detail"]
    check_nothing_is_left(settings, packages_dir)


def test_unknown_fields_are_named(author: Api, settings: Any, packages_dir: Path) -> None:
    answer = author.publish(PACKAGE, tags="beta", private="1", **{"x" * 900: "y"})
    problem = expect_problem(answer, 400, "invalid")
    assert {error["field"] for error in problem["errors"]} == {"tags", "private", "x" * 100}
    assert {error["allowed"] for error in problem["errors"]} == {"package, tag, changelog"}
    check_nothing_is_left(settings, packages_dir)


@pytest.mark.parametrize("field", ["tag", "changelog"])
def test_nul_in_a_field(author: Api, field: str, settings: Any, packages_dir: Path) -> None:
    expect_problem(author.publish(PACKAGE, **{field: "a\x00b"}), 400, "invalid")
    check_nothing_is_left(settings, packages_dir)


def test_field_sent_twice(author: Api, settings: Any, packages_dir: Path) -> None:
    expect_problem(author.publish(PACKAGE, tag=["beta", "next"]), 400, "invalid")
    check_nothing_is_left(settings, packages_dir)


def test_changelog_is_kept_to_its_limit(author: Api, api: Api) -> None:
    longest = "ä" * 65_536
    assert author.publish(PACKAGE, changelog=longest).json()["description"] == longest
    answer = author.publish(make_package(version="1.1.0"), changelog=longest + "x")
    problem = expect_problem(answer, 400, "invalid")
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


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/json", b"{}"),
        ("application/gzip", PACKAGE),
        ("application/x-www-form-urlencoded", b"package=x"),
        ("text/plain", b"x"),
    ],
)
def test_other_media_types(author: Api, kind: str, body: bytes) -> None:
    answer = author.call("POST", "/plugins", data=body, content_type=kind)
    expect_problem(answer, 415, "unsupported-media-type")


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("multipart/form-data", b"x"),
        ("multipart/form-data; boundary=", b"x"),
        ("multipart/form-data; boundary=" + "b" * 300, b"x"),
        ("multipart/form-data; boundary=\x01", b"x"),
        ("multipart/form-data; boundary=b", b"no boundary in here"),
        ("multipart/form-data; boundary=b", b"--b\r\n\r\n\r\n--b--\r\n"),
        ("multipart/form-data; boundary=b", b"--b\r\nContent-Disposition: form-data\r\n\r\nx"),
        (
            "multipart/form-data; boundary=b",
            BROKEN_BASE64,
        ),
    ],
)
def test_broken_forms(
    author: Api, kind: str, body: bytes, settings: Any, packages_dir: Path
) -> None:
    answer = author.call("POST", "/plugins", data=body, content_type=kind)
    assert answer.status_code == 400, answer.content
    expect_problem(answer, 400, answer.json()["code"])
    check_nothing_is_left(settings, packages_dir)


def test_form_cut_in_the_middle(author: Api, settings: Any, packages_dir: Path) -> None:
    head = b'--b\r\nContent-Disposition: form-data; name="package"; filename="p"\r\n\r\n'
    for body in (head + PACKAGE[:200], head + PACKAGE, head):
        answer = author.call(
            "POST", "/plugins", data=body[:-1], content_type="multipart/form-data; boundary=b"
        )
        assert answer.status_code == 400, answer.content
    check_nothing_is_left(settings, packages_dir)


def test_broken_storage_takes_nothing(author: Api, settings: Any, packages_dir: Path) -> None:
    """A file where the folder of packages should be: nothing can be stored."""
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
    work_off()
    actions = set(AuditEntry.objects.values_list("action", flat=True))
    assert {"plugin.created", "scope.created", "release.recorded", "release.published"} <= actions
    entry = JournalEntry.objects.get()
    assert (entry.event, entry.plugin, entry.version) == (
        "release.published",
        "@acme/chat",
        "1.0.0",
    )


def test_unscoped_names_are_first_come(stranger: Api, publisher: Publisher) -> None:
    make_user("third")
    assert stranger.publish(make_package("free-name")).status_code == 202
    assert Plugin.objects.get().members.get().user.username == "mallory"


def test_no_more_than_a_few_wait_in_one_process(author: Api, settings: Any) -> None:
    seats = publish._seats
    for _ in range(settings.MAX_WAITING):
        assert seats.acquire(blocking=False)
    try:
        answer = author.publish(PACKAGE, "/plugins?wait=60")
    finally:
        seats.release(settings.MAX_WAITING)
    assert (answer.status_code, answer.json()["state"]) == (202, "checking")


def test_a_seat_is_given_back(author: Api, settings: Any) -> None:
    for number in range(settings.MAX_WAITING + 1):
        package = make_package(version=f"1.0.{number}")
        assert author.publish(package, "/plugins?wait=1").status_code == 202
    assert publish._seats._value == settings.MAX_WAITING
