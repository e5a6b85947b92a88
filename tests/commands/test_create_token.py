"""`manage.py create_token` prints a token and nothing else."""

from __future__ import annotations

import datetime as dt
from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils import timezone

from accounts.models import AuditEntry, Token
from accounts.queries.tokens import get_token

pytestmark = pytest.mark.django_db


def run(*args: str) -> str:
    out = StringIO()
    call_command("create_token", *args, stdout=out)
    return out.getvalue()


def test_prints_the_token_alone(owner):
    """A script can use the output directly."""
    text = run("acme", "--scope", "publish").strip()
    assert text.startswith("pp_")
    assert "\n" not in text
    token = get_token(text)
    assert token.user == owner
    assert token.scopes == ["publish"]
    assert AuditEntry.objects.filter(action="token.created", actor=owner).count() == 1


def test_an_operator_vouches_for_the_account(create_user):
    """A token made at the command line needs no verification mail, and the output says so."""
    user = create_user("tide", is_verified=False)
    errors = StringIO()
    out = StringIO()
    call_command("create_token", "tide", stdout=out, stderr=errors)
    assert errors.getvalue() == "The account tide now counts as verified.\n"
    assert get_token(out.getvalue().strip()).user.is_verified
    assert AuditEntry.objects.filter(action="email.verified", target=user.username).count() == 1


def test_text_is_not_stored(owner):
    """No value in the table can be used as a token."""
    text = run("acme").strip()
    row = Token.objects.values().get()
    assert all(text not in str(value) for value in row.values())


def test_limit_and_expiry(owner):
    """Both are stored with the token, normalized."""
    text = run(
        *("acme", "--scope", "read", "--scope", "manage", "--days", "7"),
        *("--limit", "acme/chat", "--limit", "@tide", "--network", "192.0.2.1"),
    )
    token = get_token(text.strip())
    assert token.scopes == ["read", "manage"]
    assert token.limits == ["@acme/chat", "@tide"]
    assert token.networks == ["192.0.2.1/32"]
    assert token.expires_at < timezone.now() + dt.timedelta(days=7)


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("nobody",), "No account is named `nobody`."),
        (("acme", "--days", "0"), "days: The number of days must be 1 to 366."),
        (("acme", "--limit", "@Bad Name"), "limits: "),
    ],
)
def test_invalid_input_is_reported(owner, args, message):
    """The error names the problem, and no token is created."""
    with pytest.raises(CommandError) as raised:
        run(*args)
    assert message in str(raised.value)
    assert Token.objects.count() == 0
