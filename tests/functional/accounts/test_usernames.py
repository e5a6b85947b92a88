"""Rules for the user names of new accounts."""

from __future__ import annotations

import pytest
from allauth.account.adapter import get_adapter
from django.core.exceptions import ValidationError

from accounts import username_rules
from registry.models import Scope

pytestmark = pytest.mark.django_db


def test_available_name_is_accepted_unchanged():
    """Any valid scope name is a valid user name."""
    assert get_adapter().clean_username("tide-pool") == "tide-pool"


@pytest.mark.parametrize("name", ["admin", "moderator", "api", "Upper", "two--dashes", "ѕlack", ""])
def test_reserved_and_malformed_names(name: str):
    """Staff names and invalid scope names are rejected."""
    with pytest.raises(ValidationError):
        get_adapter().clean_username(name)


@pytest.mark.parametrize("name", ["google", "g00gle", "lodash"])
def test_name_of_a_well_known_project(name: str):
    with pytest.raises(ValidationError, match="is reserved: ") as raised:
        get_adapter().clean_username(name)
    assert raised.value.error_list[0].code == "well-known-name"


@pytest.mark.parametrize("name", ["harbor", "har-bor", "harb0r"])
def test_name_of_an_existing_scope(owner, name: str):
    """An account owns the scope of its name, so it cannot have the name of another's scope."""
    from plugport.spec.names import PluginName

    Scope.objects.create(
        name="harbor", owner=owner.owner, collision_key=PluginName(None, "harbor").collision_key
    )
    with pytest.raises(ValidationError) as raised:
        get_adapter().clean_username(name)
    assert raised.value.code == "scope-taken"


@pytest.mark.parametrize("name", ["ac-me", "acrne", "acm.e"])
def test_name_that_looks_like_an_account(owner, name: str):
    """Also if that account has published nothing yet."""
    with pytest.raises(ValidationError, match="too similar to the account `acme`") as raised:
        get_adapter().clean_username(name)
    assert raised.value.code == "name-taken"


def test_an_app_adds_a_check(monkeypatch: pytest.MonkeyPatch):
    """Registered checks run once each, before the account names are compared."""
    calls = []
    monkeypatch.setattr(username_rules, "username_checks", [])
    username_rules.register_username_check(calls.append)
    username_rules.register_username_check(calls.append)
    username_rules.check_username_is_free("tide-pool")
    assert calls == ["tide-pool"]
