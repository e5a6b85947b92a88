"""An account whose email address is not verified publishes nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from accounts.errors import EmailNotVerifiedError
from accounts.models import User
from tests.functional.api.calls import Api, expect_problem
from tests.functional.api.test_publish import PACKAGE, check_nothing_is_left
from tests.support.publishing import Publisher, build_package


def test_publishing_is_refused_and_says_what_to_do(
    author: Api, owner: User, settings: Any, packages_dir: Path
) -> None:
    settings.BASE_URL = "https://plugins.example.test"
    User.objects.update(is_verified=False)
    problem = expect_problem(author.publish(PACKAGE), 403, "email-not-verified")
    assert problem["detail"] == "The email address of the account `acme` is not verified."
    assert problem["hint"].endswith("https://plugins.example.test/account/email")
    check_nothing_is_left(settings, packages_dir)


def test_a_plugin_of_its_own_gets_no_new_release_either(author: Api, publisher: Publisher) -> None:
    publisher.publish("@acme/chat")
    User.objects.update(is_verified=False)
    response = author.publish(build_package("@acme/chat", "1.1.0"))
    expect_problem(response, 403, "email-not-verified")


def test_every_way_to_publish(owner: User) -> None:
    """The rule is part of the action, so commands follow it too."""
    User.objects.update(is_verified=False)
    owner.refresh_from_db()
    with pytest.raises(EmailNotVerifiedError):
        Publisher(owner).publish("@acme/chat")
