"""Domains over the API: the way to a proof, and who may take it."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.models import OwnerDomain, User
from accounts.queries.organizations import get_organization
from plugport.spec.api.domains import OwnerDomain as Document
from plugport.spec.api.reading import parse_leniently
from tests.functional.api.calls import Api, expect_problem
from tests.support.code_host import open_code_host
from tests.support.dns_server import open_dns_server
from tests.support.organizations import build_organization
from tests.support.people import create_api_token, create_user

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("base", ["/me", "/organizations/harbor"])
def test_the_way_to_a_proof(settings: Any, base: str) -> None:
    ada = create_user("ada")
    build_organization(ada, mia="manager")
    api = Api(create_api_token(ada))
    expect_problem(api.post(f"{base}/domains", {"domain": "gmail.com"}), 400, "invalid-domain")
    added = api.post(f"{base}/domains", {"domain": "Bücher.example"})
    assert added.status_code == 201
    document = parse_leniently(Document, added.json())
    assert document["domain"] == "xn--bcher-kva.example"
    assert document["recordName"] == "_plugport-challenge.xn--bcher-kva.example"
    assert document["recordValue"].startswith("plugport-domain-verification=")
    assert document["state"] == "pending"
    path = f"{base}/domains/xn--bcher-kva.example"
    with open_dns_server(settings) as dns:
        expect_problem(api.post(f"{path}/check", {}), 409, "domain-not-proven")
        dns.is_failing = True
        expect_problem(api.post(f"{path}/check", {}), 503, "dns-unavailable")
        dns.is_failing = False
        dns.prove(OwnerDomain.objects.get())
        assert api.post(f"{path}/check", {}).json()["state"] == "proven"
    listed = Api(create_api_token(ada, "read")).get(f"{base}/domains").json()
    assert [each["state"] for each in listed["domains"]] == ["proven"]
    assert api.call("DELETE", path).json()["domain"] == "xn--bcher-kva.example"
    expect_problem(api.call("DELETE", path), 404, "unknown-domain")
    expect_problem(api.post(f"{base}/domains/%00/check", {}), 404, "unknown-domain")


def test_others_see_and_change_nothing() -> None:
    ada, sam = create_user("ada"), create_user("sam")
    harbor = build_organization(ada, mia="manager")
    for username in ("sam", "mia"):
        api = Api(create_api_token(User.objects.get(username=username)))
        expect_problem(api.get("/organizations/harbor/domains"), 403, "organization-role")
        body = {"domain": "example.com"}
        expect_problem(api.post("/organizations/harbor/domains", body), 403, "organization-role")
    limited = Api(create_api_token(ada, limit="@harbor"))
    expect_problem(limited.get("/organizations/harbor/domains"), 403, "token-scope")
    expect_problem(Api(create_api_token(sam, "publish")).get("/me/domains"), 403, "token-scope")
    robot = User.objects.create(username="harbor+ci", robot_of=get_organization("harbor"))
    expect_problem(Api(create_api_token(robot)).get("/me/domains"), 403, "domain-denied")
    assert not harbor.owner.domains.exists()


@pytest.mark.parametrize("base", ["/me", "/organizations/harbor"])
def test_an_account_of_a_code_host_is_proven_by_a_file(settings: Any, base: str) -> None:
    ada = create_user("ada")
    build_organization(ada)
    api = Api(create_api_token(ada))
    expect_problem(api.post(f"{base}/domains", {"domain": "code.example/x"}), 400, "invalid-domain")
    with open_code_host(settings) as host:
        added = api.post(f"{base}/domains", {"domain": "code.example/Acme"}).json()
        assert (added["domain"], added["method"]) == ("code.example/acme", "file")
        assert added["recordName"].endswith(host.get_path("acme"))
        # As the command line sends it, and as it is.
        expect_problem(
            api.post(f"{base}/domains/code.example%2Facme/check", {}), 409, "domain-not-proven"
        )
        host.prove(OwnerDomain.objects.get())
        path = f"{base}/domains/code.example/acme"
        assert api.post(f"{path}/check", {}).json()["state"] == "proven"
        host.server.answers[host.get_path("acme")] = b"nonsense"
        expect_problem(api.post(f"{path}/check", {}), 503, "code-host-unavailable")
    proofs = Api("").get("/organizations/harbor").json()["proofs"]
    names = [(each["name"], each["method"]) for each in proofs]
    assert names == ([("code.example/acme", "file")] if base != "/me" else [])
    assert api.call("DELETE", path).json()["domain"] == "code.example/acme"
