"""Reserved prefixes in the admin: the preview, and who may use it."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.models import AuditEntry, ReservedPrefix
from tests.functional.pages.conftest import Open
from tests.functional.pages.dom import parse
from tests.support.people import create_user

pytestmark = pytest.mark.django_db
LIST = "/admin/accounts/reservedprefix/"


def test_an_operator_reserves_and_releases_a_prefix(open_page: Open) -> None:
    operator = create_user("olga", is_superuser=True, is_staff=True)
    create_user("northwind-fan")
    client = Client()
    client.force_login(operator)
    values = {"prefix": "Northwind", "owner_name": "olga", "reason": "A company."}
    preview = client.post(f"{LIST}add/", values).content.decode()
    assert "would stay with their owners (1): account northwind-fan" in preview
    assert not ReservedPrefix.objects.exists()
    wrong = client.post(f"{LIST}add/", {**values, "owner_name": "nobody", "is_confirmed": "on"})
    assert b"no account or organization of this name" in wrong.content
    assert client.post(f"{LIST}add/", {**values, "is_confirmed": "on"}).status_code == 302
    reserved = ReservedPrefix.objects.get()
    assert (reserved.prefix, reserved.owner) == ("northwind", operator.owner)
    assert "northwind-fan" in open_page(f"{LIST}{reserved.pk}/change/", by=client).text
    assert "northwind" in open_page(LIST, by=client).text
    assert client.post(f"{LIST}{reserved.pk}/delete/", {"post": "yes"}).status_code == 302
    assert not ReservedPrefix.objects.exists()
    rows = AuditEntry.objects.filter(action__startswith="prefix.").order_by("pk")
    assert list(rows.values_list("action", flat=True)) == ["prefix.reserved", "prefix.released"]


def test_a_conflict_is_shown_in_the_form() -> None:
    operator = create_user("olga", is_superuser=True, is_staff=True)
    client = Client()
    client.force_login(operator)
    values = {"prefix": "Northwind", "reason": "A company.", "is_confirmed": "on"}
    assert client.post(f"{LIST}add/", values).status_code == 302
    # Equal after folding, but another text.
    again = client.post(f"{LIST}add/", {**values, "prefix": "north-w1nd"})
    assert again.status_code == 200
    page = parse(again.content.decode())
    assert "The prefix northwind is reserved already." in page.one(
        "form", id="reservedprefix_form"
    ).text.replace("`", "")
    assert page.one("input", name="prefix").attrs["value"] == "north-w1nd"
    assert ReservedPrefix.objects.count() == 1


def test_other_staff_only_looks() -> None:
    moderator = create_user("maude", is_moderator=True, is_staff=True)
    client = Client()
    client.force_login(moderator)
    assert client.get(LIST).status_code == 200
    assert client.get(f"{LIST}add/").status_code == 403
