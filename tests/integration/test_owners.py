"""Every account has an owner, which has its name."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError

from accounts.actions.create_account import create_account
from accounts.models import Owner, User
from plugport.spec.names import fold_part
from tests.support.people import create_user
from tests.support.publishing import Publisher

pytestmark = pytest.mark.django_db


def test_an_account_has_an_owner_with_its_name() -> None:
    user = create_user("tide-one")
    owner = Owner.objects.get(user=user)
    assert (owner.kind, owner.name, owner.collision_key) == (
        "person",
        "tide-one",
        fold_part("tide-one"),
    )


def test_a_renamed_account_renames_its_owner() -> None:
    user = create_user("tide")
    user.username = "wave"
    user.save(update_fields=["username"])
    owner = Owner.objects.get(user=user)
    assert (owner.name, owner.collision_key) == ("wave", fold_part("wave"))
    user.email = "other@example.test"
    user.save(update_fields=["email"])
    assert Owner.objects.get(user=user).name == "wave"


def test_an_account_whose_name_is_taken_leaves_nothing_behind() -> None:
    create_user("tide")
    with pytest.raises(IntegrityError), transaction.atomic():
        create_user("tide")
    with pytest.raises(ValidationError):
        create_account(User(username="t1de", email="other@example.test"))
    assert Owner.objects.count() == User.objects.count() == 1


def test_an_account_that_others_depend_on_cannot_be_deleted(publisher: Publisher) -> None:
    publisher.publish()
    with pytest.raises(ProtectedError):
        publisher.actor.delete()
    assert Owner.objects.get().user == publisher.actor


def test_a_deleted_account_has_no_owner() -> None:
    create_user("tide").delete()
    assert not Owner.objects.exists()
