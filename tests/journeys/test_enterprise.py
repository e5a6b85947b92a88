"""An enterprise connects its identity provider by SAML, gives rights by group, and takes them again."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from tests.journeys.axe import expect_usable
from tests.journeys.conftest import sign_in
from tests.support.dns_server import DnsServer, open_dns_server
from tests.support.people import PASSWORD
from tests.support.publishing import build_package
from tests.support.saml_site import SamlSite, open_saml_site
from tests.support.scim import build_user
from tests.support.server import LiveRegistry, publish_and_wait

PLUGIN = "@harbor/pier"
_PAGE, _API = f"/plugins/{PLUGIN}", f"/api/v1/plugins/{PLUGIN}"
_SSO = "/organizations/harbor/sso"
# `max` is a member with an account of his own, and links it.
_FILL = """
from accounts.models import User
from tests.support.organizations import build_organization
from tests.support.people import create_user
build_organization(create_user("ona"), "harbor", max="member")
"""


@pytest.fixture
def dns() -> Iterator[tuple[DnsServer, str]]:
    """A DNS server, and its address for the settings."""
    settings = SimpleNamespace(DNS_SERVERS=())
    with open_dns_server(settings) as server:
        ((host, port),) = settings.DNS_SERVERS
        yield server, f"{host}:{port}"


@pytest.fixture
def corp(tmp_path: Path) -> Iterator[SamlSite]:
    """The identity provider, at which Ada and Max are in two groups."""
    folder = tmp_path / "idp"
    folder.mkdir()
    with open_saml_site(folder) as site:
        for name in ("ona", "ada", "max"):
            attributes = {"mail": [f"{name}@example.com"], "uid": [name]}
            site.people[name] = {**attributes, "groups": ["engineers", "leads"]}
        yield site


@pytest.fixture
def registry(
    tmp_path: Path, empty_database: bytes, corp: SamlSite, dns: tuple[DnsServer, str]
) -> Iterator[LiveRegistry]:
    """A registry with the organization `harbor` and a private plugin of it, which the team `dev` sees."""
    folder = tmp_path / "registry"
    folder.mkdir()
    registry = LiveRegistry(
        folder,
        empty_database=empty_database,
        PLUGPORT_SSO_PRIVATE_HOSTS=urlsplit(corp.url).netloc,
        PLUGPORT_DNS_SERVERS=dns[1],
    )
    registry.prepare()
    registry.run(_FILL)
    try:
        registry.start()
        token = registry.create_api_tokens("ona")["ona"]
        with registry.client(token) as owner:
            publish_and_wait(owner, build_package(PLUGIN))
            private = {"visibility": "private"}
            owner.put(f"{_API}/visibility", json=private).raise_for_status()
            teams = "/api/v1/organizations/harbor/teams"
            owner.post(teams, json={"name": "dev"}).raise_for_status()
            right = {"role": "publisher"}
            owner.put(f"{teams}/dev/rights/{PLUGIN}", json=right).raise_for_status()
        yield registry
    finally:
        registry.stop()


def test_from_the_set_up_to_the_last_right(
    chromium: Any, registry: LiveRegistry, corp: SamlSite, dns: tuple[DnsServer, str]
) -> None:
    """The rights end with the groups at the next sign-in, and with the person by SCIM."""
    admin = _open(chromium, registry)
    sign_in(admin, "ona")
    _prove_domain(admin, dns[0])
    _connect(admin, registry, corp)
    _map_groups(admin)
    scim = _create_scim_token(admin)
    _send(registry, scim, "POST", "Users", build_user("ada", externalId="ada"))

    # A person whom SCIM sent finds the way by the address at work.
    ada = _open(chromium, registry)
    _sign_in_as(ada, "ada")
    assert _open_all(ada) == {"plugin": 200, "members": True}

    # A member with an account links it: that has a token, too.
    linked = _open(chromium, registry)
    sign_in(linked, "max")
    linked.goto("/account/sso")
    linked.get_by_role("link", name="Link Harbor").click()
    linked.get_by_role("button", name="Sign in as max").click()
    linked.wait_for_url("**/account")
    token = registry.create_api_tokens("max")["max"]
    assert _read_with(registry, token) == 404
    single = _open(chromium, registry)
    _sign_in_as(single, "max")
    assert _read_with(registry, token) == 200
    assert _open_all(linked) == {"plugin": 200, "members": True}

    # Out of the groups at the provider: the next sign-in ends it everywhere.
    corp.people["max"]["groups"] = ["everyone"]
    _sign_in_as(_open(chromium, registry), "max")
    assert _read_with(registry, token) == 404
    for tab in (single, linked):
        assert _open_all(tab) == {"plugin": 404, "members": False}

    # Ada leaves the company: SCIM ends the session too, and the way back.
    user = _send(registry, scim, "GET", 'Users?filter=userName eq "ada"')["Resources"][0]
    change = {"op": "replace", "value": {"active": False}}
    schemas = ["urn:ietf:params:scim:api:messages:2.0:PatchOp"]
    body = {"schemas": schemas, "Operations": [change]}
    _send(registry, scim, "PATCH", f"Users/{user['id']}", body)
    ada.goto("/account")
    ada.get_by_role("heading", name="Sign in").wait_for()
    assert ada.goto(_PAGE).status == 404
    _start_at(ada, "ada@example.com")
    ada.get_by_role("button", name="Sign in as ada").click()
    ada.get_by_text("deactivated the account").wait_for()

    _confirm(admin, _SSO)
    admin.get_by_role("link", name="Harbor", exact=True).click()
    failure = admin.get_by_role("region", name="Recent failures")
    assert "deactivated" in failure.inner_text()
    expect_usable(admin)


def _open(chromium: Any, registry: LiveRegistry) -> Any:
    """A tab of another browser."""
    return chromium.new_context(base_url=registry.url, color_scheme="light").new_page()


def _prove_domain(tab: Any, dns: DnsServer) -> None:
    tab.goto("/organizations/harbor/domains")
    tab.get_by_label("Domain", exact=True).fill("example.com")
    tab.get_by_role("button", name="Add domain").click()
    value = re.search(r"plugport-domain-verification=[\w-]+", tab.content())
    assert value is not None
    dns.add("_plugport-challenge.example.com", "TXT", f'"{value[0]}"')
    tab.get_by_role("button", name="Check now").click()
    tab.get_by_text("example.com is proven.").wait_for()


def _connect(tab: Any, registry: LiveRegistry, corp: SamlSite) -> None:
    """Import the metadata, enter our own at the provider, test, and switch on."""
    _confirm(tab, _SSO)
    expect_usable(tab)
    tab.get_by_role("link", name="Add SAML").click()
    tab.get_by_label("Name", exact=True).fill("Harbor")
    tab.get_by_label("URL of the metadata of the provider").fill(f"{corp.url}/metadata")
    tab.get_by_label("Email domains").fill("example.com")
    expect_usable(tab)
    tab.get_by_role("button", name="Create connection").click()
    tab.get_by_role("heading", name="Recent failures").wait_for()
    base = re.search(r"/sso/[0-9a-f]{16}/saml", tab.content())
    assert base is not None
    metadata = httpx.get(f"{registry.url}{base[0]}/metadata", trust_env=False).text
    corp.trust(metadata, f"{registry.url}{base[0]}/acs")
    tab.get_by_role("link", name="Test sign-in").click()
    tab.get_by_role("button", name="Sign in as ona").click()
    tab.get_by_text("The test sign-in succeeded.").wait_for()
    assert tab.get_by_text("engineers, leads").is_visible()
    expect_usable(tab)
    tab.get_by_role("button", name="Switch on").click()
    tab.get_by_role("button", name="Switch off").wait_for()
    tab.get_by_role("link", name="Rules for groups").click()


def _map_groups(tab: Any) -> None:
    for group, gives in (("engineers", "dev"), ("leads", "Manager")):
        tab.get_by_label("Group", exact=True).fill(group)
        tab.get_by_label("Gives").select_option(label=gives)
        tab.get_by_role("button", name="Add rule").click()
        tab.get_by_text(f"People in {group} get").wait_for()
    expect_usable(tab)


def _create_scim_token(tab: Any) -> str:
    _confirm(tab, "/organizations/harbor/provisioning")
    tab.get_by_label("Name", exact=True).fill("Corp")
    tab.get_by_role("button", name="Create token").click()
    tab.get_by_text("The new SCIM token.").wait_for()
    text = re.search(r"pp_\w+", tab.content())
    assert text is not None
    return text[0]


def _confirm(tab: Any, path: str) -> None:
    """Open the page after a new confirmation: on a busy machine, the last one may be too old."""
    tab.goto(f"/account/confirm?next={path}")
    tab.get_by_label("Password").fill(PASSWORD)
    tab.get_by_role("button", name="Confirm with password").click()
    tab.wait_for_url(f"**{path}")


def _send(registry: LiveRegistry, token: str, method: str, path: str, body: Any = None) -> Any:
    """What the provider sends by SCIM."""
    headers = {"Content-Type": "application/scim+json"}
    with registry.client(token) as client:
        answer = client.request(method, f"/scim/v2/harbor/{path}", json=body, headers=headers)
        return answer.raise_for_status().json()


def _start_at(tab: Any, login: str) -> None:
    tab.goto("/sso?next=/account")
    tab.get_by_label("Your email address at work").fill(login)
    tab.get_by_role("button", name="Continue").click()


def _sign_in_as(tab: Any, name: str) -> None:
    _start_at(tab, f"{name}@example.com")
    tab.get_by_role("button", name=f"Sign in as {name}").click()
    tab.wait_for_url("**/account")


def _open_all(tab: Any) -> dict[str, Any]:
    """What a member of the team sees, and what a manager does."""
    status = tab.goto(_PAGE).status
    tab.goto("/organizations/harbor/members")
    return {
        "plugin": status,
        "members": tab.get_by_role("heading", name="Invite a person").count() == 1,
    }


def _read_with(registry: LiveRegistry, token: str) -> int:
    with registry.client(token) as client:
        return client.get(_API).status_code
