"""The pages about an upload: who may open them in each state, and what they show."""

from __future__ import annotations

import hashlib
import uuid
from urllib.parse import quote

import pytest
from django.test import Client, TestCase

from registry.actions import moderate_release
from registry.models import Job, Member, Release, Role
from tests.functional.api.calls import AWS_KEY
from tests.functional.pages.dom import parse
from tests.support.people import create_user
from tests.support.publishing import build_package, publish_bytes

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489"
    "0000000d49444154789c6360000002000001e221bc330000000049454e44ae426082"
)
README = """# Chat

[Set up](docs/set-up.md) ![logo](logo.png) <script>alert(1)</script>

[relative](javascript:alert(1))
"""
# Each state of a release; `first` is held and its plugin has no other release.
STATES = ("first", "checking", "published", "held", "rejected", "quarantined", "revoked")
MEMBERS = ("owner", "maintainer", "publisher", "moderator", "superuser")
# By route: the number of queries without those of signing in, and of a role that moderators need not.
ROUTES = {
    "": 4,
    "/readme": 2,
    "/files": 2,
    "/files/src": 2,
    "/files/src/talk.js": 2,
    "/compare": 3,
    "/compare?file=src/talk.js": 3,
    "/manifest": 2,
    "/raw/logo.png": 2,
    "/package": 2,
}
_OF_SIGNING_IN = 2
_OF_THE_ROLE = 1
# A database password of an internal host holds a release.
_URL = "postgres://chat:" + "kX9vQ2mL7pRw4tZs" + "@prod-db.internal/chat"
FILES = {
    "README.md": README,
    "docs/set-up.md": "# Set up\n",
    "src/talk.js": "export const talk = () => 1;\n",
    "logo.png": PNG,
}
HOLDING = {
    **FILES,
    "src/talk.js": "export const talk = () => 2;\n",
    "src/db.js": f'db("{_URL}");\n',
}
NEW_PERMISSIONS = {"permissions": {"network": ["api.example.test"]}}


@pytest.fixture(scope="module")
def _uploads(module_publisher):
    """A release in each state. The public ids by state."""
    publish = module_publisher.publish
    releases = {}
    # Packages are promoted and deleted after a commit, which this transaction never reaches.
    with TestCase.captureOnCommitCallbacks(execute=True):
        releases["published"] = publish("@acme/chat", "1.0.0", files=FILES)
        releases["held"] = publish("@acme/chat", "1.1.0", files=HOLDING, **NEW_PERMISSIONS)
        releases["rejected"] = publish(
            "@acme/chat", "1.2.0", files={**FILES, "src/talk.js": f"const key = '{AWS_KEY}';\n"}
        )
        moderator = create_user("maud", is_moderator=True)
        for state, decide in (
            ("quarantined", moderate_release.quarantine_release),
            ("revoked", moderate_release.revoke_release),
        ):
            releases[state] = publish(f"@acme/{state}", "2.0.0", files=FILES)
            decide(actor=moderator, release=releases[state], reason="Sends tokens away.")
        releases["first"] = publish("@acme/first", "1.0.0", files=HOLDING)
        releases["checking"] = publish_bytes(
            module_publisher.actor, build_package("@acme/chat", "1.3.0", files=FILES)
        )
        Job.objects.all().delete()
    roles = {"maintainer": Role.MAINTAINER, "publisher": Role.PUBLISHER}
    for name, role in roles.items():
        user = create_user(name)
        for release in releases.values():
            Member.objects.get_or_create(
                plugin=release.plugin, holder=user.owner, defaults={"role": role}
            )
    create_user("moderator", is_moderator=True)
    create_user("superuser", is_superuser=True)
    create_user("stranger", is_staff=True)
    return {state: release.public_id for state, release in releases.items()}


@pytest.fixture
def uploads(db, _uploads, _module_packages):
    return _uploads


@pytest.fixture
def sign_in(module_publisher):
    """Return a client signed in as the account with that name."""
    from accounts.models import User

    def sign_in_as(name: str) -> Client:
        username = module_publisher.actor.username if name == "owner" else name
        browser = Client()
        browser.force_login(
            User.objects.get(username=username),
            backend="django.contrib.auth.backends.ModelBackend",
        )
        # The first request of a session records its browser.
        browser.get("/account/sessions")
        return browser

    return sign_in_as


def build_path(public_id: uuid.UUID, route: str) -> str:
    return f"/publications/{public_id}{route}"


@pytest.mark.parametrize("state", STATES)
def test_releases_are_in_their_states(uploads, state):
    release = Release.objects.get(public_id=uploads[state])
    assert release.state == ("held" if state == "first" else state)


@pytest.mark.parametrize("state", STATES)
def test_members_and_moderators_open_every_page(uploads, sign_in, django_assert_num_queries, state):
    """With the same number of queries in each state and for each role."""
    for who in MEMBERS:
        browser = sign_in(who)
        role = 0 if who in ("moderator", "superuser") else _OF_THE_ROLE
        # The other roles share all code with these two.
        routes = ROUTES if who in ("owner", "moderator") else ("", "/files/src/talk.js")
        for route in routes:
            count = ROUTES[route] + role + _OF_SIGNING_IN + _count_more_queries(state, route)
            with django_assert_num_queries(count, info=f"{who} {route}"):
                response = browser.get(build_path(uploads[state], route))
            assert response.status_code == (404 if _is_missing(state, route) else 200), route
            assert "no-store" in response.headers["Cache-Control"]


def _is_missing(state: str, route: str) -> bool:
    """Whether the package of the release, or a difference in the file, does not exist."""
    if state == "rejected":
        return route in ("/raw/logo.png", "/package")
    return state == "checking" and route.startswith("/compare?")


def _count_more_queries(state: str, route: str) -> int:
    """The queries that only some states need."""
    # The contents of both releases, if there is another one.
    compared = int(route.startswith("/compare") and state in ("checking", "held", "rejected"))
    if route.startswith("/compare?"):
        # The package of the other release; a stored text of the rejected one.
        return compared + {"held": 1, "rejected": 2}.get(state, 0)
    if route == "/compare":
        return compared
    return int(state == "rejected" and route in ("/files/src/talk.js", "/raw/logo.png"))


def test_answers_are_private(uploads, sign_in):
    for route in ROUTES:
        response = sign_in("owner").get(build_path(uploads["held"], route))
        assert {"private", "no-store"} <= set(response.headers["Cache-Control"].split(", "))


def test_strangers_cannot_tell_an_upload_from_none(uploads, sign_in):
    """Staff without the role of a moderator too."""
    browser = sign_in("stranger")
    none = uuid.UUID(int=7)
    for route in ROUTES:
        bodies = set()
        for public_id in (*uploads.values(), none):
            response = browser.get(build_path(public_id, route))
            assert response.status_code == 404, (public_id, route)
            assert "no-store" in response.headers["Cache-Control"]
            bodies.add(response.content.decode().replace(str(public_id), "<id>"))
        assert len(bodies) == 1, route


def test_the_owner_of_another_plugin_is_a_stranger(uploads, sign_in):
    Member.objects.filter(holder__name="maintainer", plugin__name="@acme/chat").delete()
    browser = sign_in("maintainer")
    assert browser.get(build_path(uploads["held"], "")).status_code == 404
    assert browser.get(build_path(uploads["first"], "")).status_code == 200


def test_visitors_sign_in_first_whether_or_not_there_is_an_upload(
    uploads, client, django_assert_num_queries
):
    for public_id in (*uploads.values(), uuid.UUID(int=7)):
        for route in ROUTES:
            path = build_path(public_id, route)
            with django_assert_num_queries(0):
                response = client.get(path)
            target = f"/login?next={quote(path, safe='/')}"
            assert (response.status_code, response.url) == (302, target)
            assert "no-store" in response.headers["Cache-Control"]


def test_overview_of_a_held_release(uploads, sign_in, open_page):
    page = open_page(build_path(uploads["held"], ""), by=sign_in("owner"))
    assert "Held. A moderator reviews it before it is published." in page.text
    assert "Reason: A moderator must review a finding" in page.text
    assert "You do not have to do anything." in page.text
    assert "secret-possible" in page.text
    assert build_path(uploads["held"], "/files/src/db.js?start=1#L1") in page.links
    assert "api.example.test" in page.by_class("permissions")[0].text


def test_overview_of_a_rejected_release(uploads, sign_in, open_page):
    page = open_page(build_path(uploads["rejected"], ""), by=sign_in("owner"))
    assert "Rejected." in page.text
    assert "The version may stay the same." in page.text
    assert "The package is deleted." in page.text
    assert build_path(uploads["rejected"], "/package") not in page.links


@pytest.mark.parametrize("state", ["quarantined", "revoked"])
def test_overview_of_a_blocked_release(uploads, sign_in, open_page, state):
    page = open_page(build_path(uploads[state], ""), by=sign_in("owner"))
    assert "Reason: Sends tokens away." in page.text
    assert "Publish a corrected release with a higher version." in page.text
    assert "/contact" in page.one(class_="next-steps").links
    assert f"/plugins/@acme/{state}/2.0.0" in page.links


def test_readme_is_safe_and_links_to_private_pages(uploads, sign_in, open_page):
    path = build_path(uploads["first"], "")
    browser = sign_in("publisher")
    page = open_page(f"{path}/readme", by=browser)
    readme = page.by_class("readme")[0]
    assert f"{path}/files/docs/set-up.md" in readme.links
    assert readme.one("img").attrs["src"] == f"{path}/raw/logo.png"
    assert not readme.all("script")
    assert not [link for link in readme.links if link.startswith("javascript")]
    image = browser.get(f"{path}/raw/logo.png")
    assert (image.content, image.headers["Content-Type"]) == (PNG, "image/png")
    assert image.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in image.headers["Content-Security-Policy"]
    assert browser.get(f"{path}/raw/src/talk.js").status_code == 404


def test_a_deleted_image_is_not_linked(uploads, sign_in, open_page):
    page = open_page(build_path(uploads["rejected"], "/readme"), by=sign_in("owner"))
    assert [image.attrs["src"] for image in page.by_class("readme")[0].all("img")] == []


def test_files_of_a_held_first_release(uploads, sign_in, open_page):
    path, browser = build_path(uploads["first"], "/files"), sign_in("moderator")
    assert f"{path}/src" in open_page(path, by=browser).links
    assert "prod-db.internal" in open_page(f"{path}/src/db.js", by=browser).text
    assert f"{path.removesuffix('/files')}/raw/logo.png" in [
        image.attrs["src"] for image in open_page(f"{path}/logo.png", by=browser).all("img")
    ]
    assert "There is no" not in open_page(f"{path}/none.js", by=browser, status=404).text


def test_files_of_a_rejected_release(uploads, sign_in, open_page):
    """The package is deleted; texts that the registry stores are shown."""
    path, browser = build_path(uploads["rejected"], "/files"), sign_in("owner")
    deleted = "The package of a rejected release is deleted."
    assert deleted in open_page(path, by=browser).text
    assert f"{path}/src" in open_page(path, by=browser).links
    code = open_page(f"{path}/src/talk.js", by=browser).text
    assert "The file cannot be shown: The package of @acme/chat@1.2.0 is deleted" in code
    assert AWS_KEY not in code
    assert "# Chat" in open_page(f"{path}/README.md", by=browser).text
    assert "@acme/chat" in open_page(f"{path}/plugport.yaml", by=browser).one("table").text
    assert "Permission is granted" in open_page(f"{path}/LICENSE", by=browser).text


def test_comparison_with_the_published_release(uploads, sign_in, open_page):
    path, browser = build_path(uploads["held"], "/compare"), sign_in("owner")
    page = open_page(path, by=browser)
    assert "Changes since 1.0.0" in page.text
    assert "api.example.test" in page.by_class("gained")[0].text
    assert "?file=src%2Ftalk.js#diff" in page.links
    diff = open_page(path, file="src/talk.js", by=browser).one(id="diff")
    assert "talk = () => 1;" in diff.text
    assert "talk = () => 2;" in diff.text
    assert f"{path}#compared-files" in diff.links
    open_page(path, file="LICENSE", by=browser, status=404)


def test_comparison_of_a_rejected_release(uploads, sign_in, open_page):
    path, browser = build_path(uploads["rejected"], "/compare"), sign_in("owner")
    assert "src/talk.js" in open_page(path, by=browser).text
    assert "is deleted" in open_page(path, file="src/talk.js", by=browser).one(id="diff").text


def test_a_first_release_is_compared_with_nothing(uploads, sign_in, open_page):
    page = open_page(build_path(uploads["first"], "/compare"), by=sign_in("owner"))
    assert "This is the first release of the plugin." in page.text
    page = open_page(build_path(uploads["published"], "/compare"), by=sign_in("owner"))
    assert "No release before 1.0.0 is published" in page.text


def test_manifest(uploads, sign_in, open_page):
    page = open_page(build_path(uploads["held"], "/manifest"), by=sign_in("owner"))
    assert "version : 1.1.0" in page.by_class("code")[0].text
    assert "The manifest is valid, without warnings." in page.text


def test_the_package_is_an_attachment(uploads, sign_in):
    release = Release.objects.get(public_id=uploads["first"])
    path, browser = build_path(release.public_id, "/package"), sign_in("owner")
    response = browser.get(path)
    body = response.getvalue()
    artifact = release.artifacts.get()
    assert hashlib.sha256(body).hexdigest() == artifact.sha256
    assert response.headers["Content-Length"] == str(artifact.size_bytes) == str(len(body))
    assert response.headers["Content-Disposition"] == 'attachment; filename="acme-first-1.0.0.tgz"'
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    head = browser.head(path)
    assert (head.content, head.headers["Content-Length"]) == (b"", str(len(body)))
    release.refresh_from_db()
    assert release.downloads == 0


def test_moderators_get_a_link_to_the_admin(uploads, sign_in):
    from accounts.models import User

    path = build_path(uploads["held"], "")
    release = Release.objects.get(public_id=uploads["held"])
    admin = f"/admin/registry/release/{release.pk}/change/"
    assert admin not in parse(sign_in("moderator").get(path).content.decode()).links
    User.objects.filter(username="moderator").update(is_staff=True)
    assert admin in parse(sign_in("moderator").get(path).content.decode()).links
    assert admin not in parse(sign_in("owner").get(path).content.decode()).links


def test_nothing_public_links_to_an_upload(uploads, client):
    for path in ("/sitemap.xml", "/sitemaps/1.xml", "/feeds/new.atom", "/llms.txt"):
        assert "publications" not in client.get(path).getvalue().decode()
    assert "Disallow: /publications/" in client.get("/robots.txt").getvalue().decode()
