"""Where mail goes, from one variable."""

from __future__ import annotations

import pytest
from django.core.exceptions import ImproperlyConfigured

from config.backends import mail


@pytest.mark.parametrize(
    ("url", "port", "is_ssl", "is_starttls"),
    [
        ("smtp://mail.example.test", 25, False, False),
        ("smtp+starttls://mail.example.test", 587, False, True),
        ("smtps://mail.example.test", 465, True, False),
        ("smtps://mail.example.test:2465", 2465, True, False),
    ],
)
def test_how_the_connection_is_made(url: str, port: int, *, is_ssl: bool, is_starttls: bool):
    settings = mail(url)
    assert settings["EMAIL_HOST"] == "mail.example.test"
    assert settings["EMAIL_PORT"] == port
    assert (settings["EMAIL_USE_SSL"], settings["EMAIL_USE_TLS"]) == (is_ssl, is_starttls)


def test_user_and_password_are_decoded():
    settings = mail("smtps://me%40example.test:p%40ss%2Fword@mail.example.test")
    assert settings["EMAIL_HOST_USER"] == "me@example.test"
    assert settings["EMAIL_HOST_PASSWORD"] == "p@ss/word"


@pytest.mark.parametrize(
    "url", ["mail.example.test", "http://u:hunter2@x", "smtp://", "smtp://u:hunter2@x:port"]
)
def test_what_is_no_mail_server(url: str):
    with pytest.raises(ImproperlyConfigured, match="PLUGPORT_MAIL_URL") as caught:
        mail(url)
    assert "hunter2" not in str(caught.value)
