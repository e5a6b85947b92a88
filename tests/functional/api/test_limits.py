"""Rate limits per token and per address, with their headers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from accounts.models import User
from tests.functional.api.calls import Api, expect_problem
from tests.support.fresh_settings import load_settings
from tests.support.people import create_api_token
from tests.support.publishing import Publisher, build_package


@pytest.fixture
def _small(settings: Any) -> None:
    """A few calls per hour, another number for each kind."""
    settings.RATE_LIMITS = {
        "read": "4/hour",
        "write": "3/hour",
        "publish": "2/hour",
        "denied": "2/hour",
    }


pytestmark = pytest.mark.usefixtures("_small")


def get_quota(response: Any) -> tuple[int, int]:
    assert response.headers["RateLimit-Policy"] == f"{response.headers['RateLimit-Limit']};w=3600"
    assert 0 < int(response.headers["RateLimit-Reset"]) <= 3600
    return int(response.headers["RateLimit-Limit"]), int(response.headers["RateLimit-Remaining"])


def expect_limit(response: Any, limit: int) -> None:
    problem = expect_problem(response, 429, "rate-limited")
    seconds = int(response.headers["Retry-After"])
    assert 0 < seconds <= 3600
    assert problem["retryAfterSeconds"] == seconds
    assert f"{seconds} seconds" in problem["hint"]
    assert get_quota(response) == (limit, 0)


def test_reads_count_down_to_a_refusal(api: Api) -> None:
    paths = ["/plugins", "/tags", "/plugins/none", "/categories"]
    responses = [api.get(path) for path in paths]
    assert [get_quota(response) for response in responses] == [(4, 3), (4, 2), (4, 1), (4, 0)]
    assert [response.status_code for response in responses] == [200, 200, 404, 200]
    expect_limit(api.get("/plugins"), 4)
    expect_limit(api.get("/plugins/a/1.0.0/download"), 4)


def test_refused_calls_cost_nothing(api: Api) -> None:
    for _ in range(4):
        api.get("/plugins")
    first = int(api.get("/plugins").headers["Retry-After"])
    assert int(api.get("/plugins").headers["Retry-After"]) <= first


def test_head_and_options_are_reads(api: Api) -> None:
    assert get_quota(api.call("HEAD", "/plugins")) == (4, 3)
    assert get_quota(api.call("OPTIONS", "/plugins")) == (4, 2)


def test_unchanged_answers_count_too(api: Api) -> None:
    etag = api.get("/plugins").headers["ETag"]
    response = api.get("/plugins", headers={"If-None-Match": etag})
    assert (response.status_code, get_quota(response)) == (304, (4, 2))


def test_each_kind_has_its_own(author: Api) -> None:
    assert get_quota(author.get("/plugins")) == (4, 3)
    assert get_quota(author.post("/plugins/none/1.0.0/yank")) == (3, 2)
    assert get_quota(author.publish(build_package())) == (2, 1)
    author.publish(b"junk")
    expect_limit(author.publish(build_package()), 2)
    assert get_quota(author.get("/plugins")) == (4, 2)


def test_tokens_count_apart_from_each_other_and_the_address(owner: User, api: Api) -> None:
    one, two = Api(create_api_token(owner)), Api(create_api_token(owner))
    for _ in range(4):
        one.get("/plugins")
    expect_limit(one.get("/plugins"), 4)
    assert get_quota(two.get("/plugins")) == (4, 3)
    assert get_quota(api.get("/plugins")) == (4, 3)


def test_addresses_count_apart(api: Api) -> None:
    for _ in range(5):
        last = api.get("/plugins", REMOTE_ADDR="192.0.2.1")
    expect_limit(last, 4)
    assert get_quota(api.get("/plugins", REMOTE_ADDR="192.0.2.2")) == (4, 3)


def test_forwarded_address_is_ignored_without_proxies(api: Api) -> None:
    for number in range(4):
        api.get("/plugins", headers={"X-Forwarded-For": f"192.0.2.{number}"})
    expect_limit(api.get("/plugins", headers={"X-Forwarded-For": "192.0.2.9"}), 4)


def test_forwarded_address_counts_behind_a_proxy(api: Api, settings: Any) -> None:
    """X-Forwarded-For entries of the client are left of the proxy's and are ignored."""
    settings.TRUSTED_PROXIES = 1
    for number in range(4):
        api.get("/plugins", headers={"X-Forwarded-For": f"198.51.100.{number}, 192.0.2.1"})
    expect_limit(api.get("/plugins", headers={"X-Forwarded-For": "1.1.1.1, 192.0.2.1"}), 4)
    response = api.get("/plugins", headers={"X-Forwarded-For": "192.0.2.1, 192.0.2.2"})
    assert get_quota(response) == (4, 3)


@pytest.mark.parametrize("template", ["2001:db8::{}", "2001:db8::{}:1", "192.0.2.1:{}"])
def test_ports_and_addresses_of_one_network_count_as_one_client(
    api: Api, settings: Any, template: str
) -> None:
    settings.TRUSTED_PROXIES = 1
    for number in range(1, 6):
        headers = {"X-Forwarded-For": template.format(number)}
        last = api.get("/plugins", headers=headers)
    expect_limit(last, 4)
    expect_limit(api.get("/nothing", headers=headers), 4)


def test_guessing_tokens_is_limited(api: Api, owner: User) -> None:
    for _ in range(2):
        response = api.get("/me", headers={"Authorization": "Bearer pp_guess"})
        expect_problem(response, 401, "invalid-token")
    expect_limit(api.get("/me", headers={"Authorization": "Bearer pp_guess"}), 2)
    # A valid token from the same address still works.
    assert Api(create_api_token(owner)).get("/me").status_code == 200


def test_limit_comes_before_the_body_is_read(author: Api) -> None:
    for _ in range(2):
        author.publish(b"junk")
    expect_limit(author.publish(build_package()), 2)
    expect_problem(author.get("/plugins/@acme/chat"), 404, "unknown-plugin")


PREFLIGHT = {"Origin": "https://other.example.test", "Access-Control-Request-Method": "POST"}


def list_quota_headers(response: Any) -> list[str]:
    return [name for name in response.headers if name.startswith("RateLimit")]


def test_every_request_that_counts_has_the_headers(api: Api, author: Api, settings: Any) -> None:
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "read": "90/hour", "denied": "7/hour"}
    wrong_token = {"Authorization": "Bearer pp_guess"}
    answers = {
        "unknown path": (api.get("/nothing"), 404, 90),
        "unknown version of the API": (api.get("/api/v2/plugins"), 404, 90),
        "unknown path, written": (api.post("/nothing"), 404, 90),
        "unknown plugin": (api.get("/plugins/none"), 404, 90),
        "wrong method": (api.call("DELETE", "/tags"), 405, 3),
        "invalid query": (api.get("/plugins?page=x"), 400, 90),
        "wrong token": (api.get("/plugins", headers=wrong_token), 401, 7),
        "no token": (api.get("/me"), 401, 90),
        "invalid body": (author.call("PATCH", "/plugins/none", [1]), 404, 3),
        "the document": (api.get("/openapi.json"), 200, 90),
    }
    for name, (response, status, limit) in answers.items():
        assert response.status_code == status, name
        assert get_quota(response)[0] == limit, name


def test_requests_that_do_not_count_have_no_headers(api: Api, settings: Any) -> None:
    """Nor do they cost anything."""
    assert get_quota(api.get("/plugins")) == (4, 3)
    unknown_host = {"Host": "evil.example"}
    for _ in range(3):
        answers = [
            (api.call("OPTIONS", "/plugins", headers=PREFLIGHT), 204),
            (api.get("/plugins", headers=unknown_host), 400),
            (api.get("/nothing", headers=unknown_host), 400),
        ]
        settings.MAINTENANCE = "Closed for an hour."
        answers += [(api.get("/plugins"), 503), (api.get("/nothing"), 503)]
        settings.MAINTENANCE = ""
        for response, status in answers:
            assert (response.status_code, list_quota_headers(response)) == (status, [])
    assert get_quota(api.get("/plugins")) == (4, 2)


def test_corrected_paths_count_as_reads(api: Api, publisher: Publisher) -> None:
    publisher.publish("@acme/chat")
    responses = [api.get(f"/plugins/acme/chat{end}") for end in ("", "/versions", "/")]
    assert [response.status_code for response in responses] == [302, 302, 302]
    remaining = [get_quota(response)[1] for response in responses]
    assert remaining == [3, 2, 1]


def test_unknown_paths_count_as_reads(api: Api) -> None:
    responses = [api.get(path) for path in ("/nothing", "/api/v9/x", "/tags", "/nothing")]
    assert [get_quota(response) for response in responses] == [(4, 3), (4, 2), (4, 1), (4, 0)]
    response = api.get("/nothing")
    expect_limit(response, 4)
    assert response.headers["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize("address", ["192.0.2.7", "2001:db8:1::7", "198.51.100.9"])
def test_listed_networks_have_no_limit(
    author: Api,
    api: Api,
    settings: Any,
    address: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """Neither with a token nor without one. Such requests have no headers, as nothing is counted."""
    monkeypatch.setenv("PLUGPORT_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("PLUGPORT_UNLIMITED_NETWORKS", "192.0.2.0/24, 2001:db8::/32,198.51.100.9")
    loaded = load_settings()
    settings.UNLIMITED_NETWORKS = loaded["UNLIMITED_NETWORKS"]
    for caller in (api, author):
        for path in ("/plugins", "/nothing") * 3:
            response = caller.get(path, REMOTE_ADDR=address)
            assert response.status_code in (200, 404)
            assert list_quota_headers(response) == []
    for _ in range(4):
        response = author.post("/plugins/none/1.0.0/yank", REMOTE_ADDR=address)
        expect_problem(response, 404, "unknown-plugin")
    assert get_quota(api.get("/plugins", REMOTE_ADDR="198.51.100.8")) == (4, 3)
    # Guessing stays limited.
    wrong = {"Authorization": "Bearer pp_guess"}
    for _ in range(3):
        response = api.get("/me", headers=wrong, REMOTE_ADDR=address)
    expect_limit(response, 2)
