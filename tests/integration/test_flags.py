"""Flags of a release: the policy is checked before anything changes (REL-4)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest
from django.forms import model_to_dict

from accounts.models import User
from registry.actions.flag_release import (
    deprecate_release,
    undeprecate_release,
    unyank_release,
    yank_release,
)
from registry.errors import NotMemberError
from registry.models import JournalEntry, Release
from tests.support.publishing import build_package, publish_bytes

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "act",
    [
        partial(deprecate_release, message="Use another one."),
        undeprecate_release,
        yank_release,
        unyank_release,
    ],
    ids=["deprecate", "undeprecate", "yank", "unyank"],
)
def test_a_refused_flag_changes_neither_row_nor_object(
    owner: User, outsider: User, act: Callable[..., Release]
) -> None:
    release = publish_bytes(owner, build_package())
    release.deprecated_at = release.yanked_at = release.created_at
    release.deprecated_message = release.yanked_reason = "Old."
    before = model_to_dict(release)
    with pytest.raises(NotMemberError):
        act(actor=outsider, release=release)
    assert model_to_dict(release) == before
    assert not JournalEntry.objects.exists()
