"""Which names an account may have."""

from __future__ import annotations

import pytest
from allauth.account.adapter import get_adapter
from django.core.exceptions import ValidationError

from registry.models import Scope

pytestmark = pytest.mark.django_db


def test_free_name_is_taken_as_it_is():
    """A name that can be a scope is fine."""
    assert get_adapter().clean_username("tide-pool") == "tide-pool"


@pytest.mark.parametrize("name", ["admin", "moderator", "api", "Upper", "two--dashes", "ѕlack", ""])
def test_reserved_and_malformed_names(name: str):
    """Neither the staff's names nor anything that cannot be a scope."""
    with pytest.raises(ValidationError):
        get_adapter().clean_username(name)


@pytest.mark.parametrize("name", ["harbor", "har-bor", "harb0r"])
def test_name_of_a_scope_that_is_taken(owner, name: str):
    """An account owns the scope of its name: a scope of somebody else cannot become one."""
    from plugport.spec.names import PluginName

    Scope.objects.create(
        name="harbor", owner=owner, collision_key=PluginName(None, "harbor").collision_key
    )
    with pytest.raises(ValidationError):
        get_adapter().clean_username(name)


@pytest.mark.parametrize("name", ["ac-me", "acrne", "acm.e"])
def test_name_that_looks_like_an_account(owner, name: str):
    """Also before that account has published anything."""
    with pytest.raises(ValidationError, match="too close to the account `acme`"):
        get_adapter().clean_username(name)
