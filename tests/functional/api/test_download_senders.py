"""How the bytes of a package are sent: by this process, the gateway or nginx. For S3 see the next file.

Whatever sends the bytes, policy, conditions and counts are the same.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.test import Client

from accounts.models import User
from common.gateway_protocol import INTERNAL_HEADERS
from common.system_checks import SETTINGS_TAG
from config.backends import build_package_sender_settings
from registry.actions.moderate_release import quarantine_release
from registry.downloads.counts import flush_downloads
from registry.downloads.gateway_records import record_cached_download
from registry.models import Release
from tests.functional.api.calls import Api, expect_problem
from tests.support.publishing import Publisher, build_package, publish_bytes

PATH = "/plugins/@ada/chat/1.0.0/download"
PACKAGE = build_package("@ada/chat")
SIZE = len(PACKAGE)
ETAG = f'"{hashlib.sha256(PACKAGE).hexdigest()}"'
SENDERS = {
    "stream": build_package_sender_settings(
        x_accel_prefix="", redirects=False, is_behind_gateway=False
    ),
    "gateway": build_package_sender_settings(
        x_accel_prefix="", redirects=False, is_behind_gateway=True
    ),
    "x-accel": build_package_sender_settings(
        x_accel_prefix="/protected-packages/", redirects=False, is_behind_gateway=True
    ),
}
# None of these may reach a client.
HIDDEN_HEADERS = {*INTERNAL_HEADERS, "X-Accel-Redirect"}

pytestmark = pytest.mark.usefixtures("_chat", "_module_packages")


@pytest.fixture(scope="module")
def _chat(module_publisher: Publisher) -> None:
    """`@ada/chat` 1.0.0, which is `PACKAGE`."""
    module_publisher.publish("@ada/chat")


@pytest.fixture(params=SENDERS)
def sender(request: pytest.FixtureRequest, settings: Any) -> str:
    """Each of the senders for local files."""
    settings.PACKAGE_SENDER = SENDERS[request.param]
    return str(request.param)


@pytest.fixture
def _gateway(settings: Any) -> None:
    settings.PACKAGE_SENDER = SENDERS["gateway"]
    settings.BEHIND_GATEWAY = True


@pytest.fixture
def _x_accel(settings: Any) -> None:
    settings.PACKAGE_SENDER = SENDERS["x-accel"]
    settings.BEHIND_GATEWAY = True


def list_hidden_headers(response: Any) -> dict[str, str]:
    return {name: response.headers[name] for name in HIDDEN_HEADERS if name in response.headers}


def download(api: Api, range_: str = "") -> Any:
    response = api.get(PATH, headers={"Range": f"bytes={range_}"} if range_ else {})
    assert response.status_code in (200, 206)
    response.getvalue()
    return response


@pytest.mark.usefixtures("_gateway")
class TestGateway:
    """The gateway gets the headers of the response, and the name of the file in place of a body."""

    def test_a_whole_package_is_the_name_of_its_file(self, api: Api) -> None:
        response = api.get(PATH)
        assert (response.status_code, response.content) == (200, b"")
        assert Path(response.headers["X-Plugport-File"]).is_absolute()
        assert Path(response.headers["X-Plugport-File"]).read_bytes() == PACKAGE
        release = Release.objects.get()
        assert response.headers["X-Plugport-Cache"] == "plugin=%40ada%2Fchat"
        assert response.headers["X-Plugport-Record"] == f"download:{release.pk}:{SIZE}"
        assert "X-Plugport-Bytes" not in response.headers
        assert response.headers["Content-Type"] == "application/gzip"
        assert response.headers["Content-Length"] == "0"
        assert response.headers["X-Plugport-Length"] == str(SIZE)
        assert response.headers["ETag"] == ETAG
        assert "sha-512=:" in response.headers["Repr-Digest"]

    @pytest.mark.parametrize(
        ("header", "start", "stop"), [("bytes=5-9", 5, 10), ("bytes=-20", SIZE - 20, SIZE)]
    )
    def test_a_range_is_named_and_not_stored(
        self, api: Api, header: str, start: int, stop: int
    ) -> None:
        response = api.get(PATH, headers={"Range": header})
        assert (response.status_code, response.content) == (206, b"")
        assert Path(response.headers["X-Plugport-File"]).read_bytes() == PACKAGE
        assert response.headers["X-Plugport-Bytes"] == f"{start}-{stop}"
        assert response.headers["Content-Range"] == f"bytes {start}-{stop - 1}/{SIZE}"
        assert response.headers["Content-Length"] == "0"
        assert response.headers["X-Plugport-Length"] == str(stop - start)
        assert response.headers["ETag"] == ETAG
        assert not {"X-Plugport-Cache", "X-Plugport-Record"} & set(response.headers)

    def test_a_path_that_no_header_can_contain_is_streamed(
        self, api: Api, settings: Any, packages_dir: Path
    ) -> None:
        odd_folder = packages_dir.with_name("päckages")
        odd_folder.symlink_to(packages_dir)
        settings.STORAGES = {
            **settings.STORAGES,
            "packages": {
                "BACKEND": "django.core.files.storage.FileSystemStorage",
                "OPTIONS": {"location": str(odd_folder)},
            },
        }
        try:
            response = api.get(PATH)
            assert response.getvalue() == PACKAGE
        finally:
            odd_folder.unlink()
        assert not list_hidden_headers(response)

    def test_a_package_that_is_not_public_is_sent_but_never_stored(
        self, client: Client, create_user: Any
    ) -> None:
        author = create_user("bo")
        body = build_package("@bo/new")
        release = publish_bytes(author, body)
        client.force_login(author)
        response = client.get(f"/publications/{release.public_id}/package")
        assert response.content == b""
        headers = list_hidden_headers(response)
        assert headers.keys() == {"X-Plugport-File", "X-Plugport-Length"}
        assert Path(headers["X-Plugport-File"]).read_bytes() == body
        assert "private" in response.headers["Cache-Control"]
        assert flush_downloads() == 0

    def test_answers_from_the_cache_count_like_others(self, api: Api) -> None:
        record = api.get(PATH, headers={"X-Forwarded-For": "192.0.2.1"}).headers[
            "X-Plugport-Record"
        ]
        record_cached_download(record, client="192.0.2.1", count=3)
        record_cached_download(record, client="192.0.2.2", count=5)
        record_cached_download(record, client="192.0.2.3", count=0)
        assert flush_downloads() == 2
        assert api.get("/plugins/@ada/chat/stats").json()["versions"] == {"1.0.0": 2}

    def test_an_answer_from_the_cache_for_a_deleted_release_is_ignored(self, api: Api) -> None:
        record_cached_download("download:999999:5", client="192.0.2.1", count=1)
        assert flush_downloads() == 0

    @pytest.mark.parametrize(
        "record", ["", "download", "download:1", "download:1:x", "download:-1:5", "search:1:5"]
    )
    def test_a_record_of_another_form_is_refused(self, record: str) -> None:
        with pytest.raises(ValueError, match="is not the record of a download"):
            record_cached_download(record, client="192.0.2.1", count=1)


@pytest.mark.usefixtures("_x_accel")
class TestXAccel:
    """nginx gets the URL of the file below an internal location."""

    def test_nginx_gets_the_url_of_the_file(self, api: Api, settings: Any) -> None:
        response = api.get(PATH)
        assert (response.status_code, response.content) == (200, b"")
        prefix, _, key = response.headers["X-Accel-Redirect"].partition("/protected-packages/")
        assert prefix == ""
        folder = settings.STORAGES["packages"]["OPTIONS"]["location"]
        assert Path(folder, key).read_bytes() == PACKAGE
        assert response.headers["ETag"] == ETAG
        assert response.headers["Content-Type"] == "application/gzip"
        release = Release.objects.get()
        assert list_hidden_headers(response) == {
            "X-Accel-Redirect": response.headers["X-Accel-Redirect"],
            "X-Plugport-Cache": "plugin=%40ada%2Fchat",
            "X-Plugport-Query": "",
            "X-Plugport-Record": f"download:{release.pk}:{SIZE}",
        }

    def test_without_the_gateway_nothing_is_marked(self, api: Api, settings: Any) -> None:
        settings.BEHIND_GATEWAY = False
        assert list_hidden_headers(api.get(PATH)).keys() == {"X-Accel-Redirect"}

    def test_a_package_that_is_not_public_is_never_stored(
        self, client: Client, create_user: Any
    ) -> None:
        author = create_user("bo")
        release = publish_bytes(author, build_package("@bo/new"))
        client.force_login(author)
        response = client.get(f"/publications/{release.public_id}/package")
        assert list_hidden_headers(response).keys() == {"X-Accel-Redirect"}
        assert "private" in response.headers["Cache-Control"]
        assert flush_downloads() == 0

    def test_ranges_are_left_to_nginx(self, api: Api) -> None:
        response = api.get(PATH, headers={"Range": "bytes=5-9"})
        assert response.status_code == 200
        assert list_hidden_headers(response).keys() == {"X-Accel-Redirect"}, "not stored"
        assert not {"Content-Range", "Accept-Ranges"} & set(response.headers)

    @pytest.mark.parametrize("header", ["bytes=9-5", "bytes=a-b", "items=0-1", "bytes=0-1,5-6"])
    def test_a_range_that_is_ignored_is_kept_from_nginx(self, api: Api, header: str) -> None:
        """It would respond 416 with headers that let shared caches keep it."""
        response = api.get(PATH, headers={"Range": header})
        assert (response.status_code, response.getvalue()) == (200, PACKAGE)
        assert not list_hidden_headers(response)


def test_conditions_and_head_have_no_hidden_headers_and_do_not_count(api: Api, sender: str) -> None:
    head = api.call("HEAD", PATH)
    assert (head.status_code, head.headers["Content-Length"]) == (200, str(SIZE))
    assert head.headers["ETag"] == ETAG
    unchanged = api.get(PATH, headers={"If-None-Match": ETAG})
    assert unchanged.status_code == 304
    outside = api.get(PATH, headers={"Range": f"bytes={SIZE}-"})
    expect_problem(outside, 416, "range-not-satisfiable")
    for response in (head, unchanged, outside):
        assert not list_hidden_headers(response)
    assert flush_downloads() == 0


def test_whole_packages_and_complete_ranges_count_once(api: Api, sender: str) -> None:
    download(api, range_=f"{SIZE // 2}-")
    assert flush_downloads() == 0
    download(api, range_=f"0-{SIZE // 2 - 1}")
    assert flush_downloads() == 1
    download(api)
    assert flush_downloads() == 0


def test_a_blocked_release_is_refused(
    api: Api, sender: str, moderator: User, module_publisher: Publisher
) -> None:
    release = Release.objects.select_related("plugin").get()
    quarantine_release(actor=moderator, release=release, reason="Steals tokens.")
    response = api.get(PATH)
    expect_problem(response, 403, "release-blocked")
    assert not list_hidden_headers(response)
    assert flush_downloads() == 0


@pytest.mark.parametrize("prefix", ["packages", "/packages", "packages/", "/a b/", "/../", "/"])
def test_an_invalid_prefix_is_a_system_check(settings: Any, prefix: str) -> None:
    settings.X_ACCEL_PREFIX = prefix
    with pytest.raises(SystemCheckError, match=r"registry\.E004"):
        call_command("check", tags=[SETTINGS_TAG])


def test_valid_prefixes_pass(settings: Any, capsys: pytest.CaptureFixture[str]) -> None:
    for prefix in ("/protected-packages/", "/internal/packages/"):
        settings.X_ACCEL_PREFIX = prefix
        call_command("check", tags=[SETTINGS_TAG])
        assert "no issues" in capsys.readouterr().out


def test_nginx_cannot_send_what_is_on_s3(settings: Any) -> None:
    settings.X_ACCEL_PREFIX = "/protected-packages/"
    settings.PACKAGE_STORE = {"BACKEND": "registry.storage.s3.S3ObjectStore", "OPTIONS": {}}
    with pytest.raises(SystemCheckError, match=r"registry\.E004"):
        call_command("check", tags=[SETTINGS_TAG])


def test_local_files_have_no_presigned_urls(settings: Any) -> None:
    settings.S3_REDIRECT = True
    with pytest.raises(SystemCheckError, match=r"registry\.E005"):
        call_command("check", tags=[SETTINGS_TAG])
