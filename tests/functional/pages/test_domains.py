"""The pages of domains: what they show, and what the buttons do."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from accounts.models import OwnerDomain, User
from registry.actions.create_scope import create_scope
from tests.functional.pages.conftest import Open
from tests.support.code_host import open_code_host
from tests.support.dns_server import open_dns_server
from tests.support.organizations import build_organization


@pytest.mark.parametrize("path", ["/account/domains", "/organizations/harbor/domains"])
def test_a_domain_is_added_proven_and_removed(
    owner: User, owner_client: Client, open_page: Open, settings: Any, path: str
) -> None:
    build_organization(owner, "harbor")

    def send(action: str, domain: str, **values: str) -> str:
        form = {"action": action, "domain": domain, **values}
        response = owner_client.post(path, form, follow=True)
        assert response.redirect_chain == [(path, 302)]
        return " ".join(map(str, response.context["messages"]))

    assert "There are no domains." in open_page(path, by=owner_client).text
    assert "everybody can have a domain" in send("add", "co.uk")
    assert "is not the name of a domain" in send("add", "<script>")
    assert "not complete" in send("", "example.com")
    assert send("add", "Example.com") == "Enter the TXT record of example.com, then check it."
    domain = OwnerDomain.objects.get()
    page = open_page(path, by=owner_client).text
    for text in ("Not proven", "_plugport-challenge.example.com", domain.token):
        assert text in page
    with open_dns_server(settings) as dns:
        assert "There is no TXT record of Plugport" in send("check", "example.com")
        assert "There is no TXT record" in open_page(path, by=owner_client).one("main").text
        dns.prove(domain)
        assert send("check", "example.com") == "example.com is proven."
    assert "Proven" in open_page(path, by=owner_client).text
    # The button that removes it is behind another one, which says what ends.
    assert "not complete" in send("remove", "example.com")
    question = open_page(path, by=owner_client).one("input", name="confirmed")
    assert question.attrs["value"] == "yes"
    assert "The proof of example.com ends at once" in open_page(path, by=owner_client).text
    assert send("remove", "example.com", confirmed="yes") == "example.com is removed."
    assert "has no domain" in send("check", "example.com")


def test_the_number_of_queries_is_constant(
    owner: User, owner_client: Client, django_assert_num_queries: Any
) -> None:
    harbor = build_organization(owner, "harbor")
    owner_client.get("/account")
    for count in (0, 20):
        for each in (owner.owner, harbor.owner):
            OwnerDomain.objects.bulk_create(
                OwnerDomain(owner=each, domain=f"d{number}.example", token="x")
                for number in range(count)
            )
        with django_assert_num_queries(4):
            owner_client.get("/account/domains")
        with django_assert_num_queries(6):
            owner_client.get("/organizations/harbor/domains")


def test_profiles_show_what_is_proven(
    owner: User, owner_client: Client, open_page: Open, settings: Any
) -> None:
    harbor = build_organization(owner, "harbor")
    path = "/organizations/harbor/domains"
    with open_code_host(settings) as host:
        assert "code.example/NAME" in open_page(path, by=owner_client).text
        owner_client.post(path, {"action": "add", "domain": "code.example/harbor"})
        assert "File in a public repository" in open_page(path, by=owner_client).text
        assert "code.example/harbor" not in open_page("/@harbor").text
        host.prove(OwnerDomain.objects.get())
        owner_client.post(path, {"action": "check", "domain": "code.example/harbor"})
    create_scope(actor=owner, name="ships", owner=harbor.owner)
    for profile in ("/@harbor", "/@ships"):
        assert "code.example/harbor" in open_page(profile).one("main").text
    assert "code.example/harbor" not in open_page(f"/@{owner.username}").text
    OwnerDomain.objects.update(owner=owner.owner, domain="example.com", method="dns")
    assert "example.com" in open_page(f"/@{owner.username}").one("main").text
