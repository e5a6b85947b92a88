"""Mail server settings from PLUGPORT_MAIL_URL."""

from __future__ import annotations

import pytest
from django.core.exceptions import ImproperlyConfigured

from config.backends import build_mail_settings


@pytest.mark.parametrize(
    ("url", "port", "is_ssl", "is_starttls"),
    [
        ("smtp://mail.example.test", 25, False, False),
        ("smtp+starttls://mail.example.test", 587, False, True),
        ("smtps://mail.example.test", 465, True, False),
        ("smtps://mail.example.test:2465", 2465, True, False),
    ],
)
def test_scheme_selects_port_and_encryption(
    url: str, port: int, *, is_ssl: bool, is_starttls: bool
):
    settings = build_mail_settings(url)
    assert settings["EMAIL_HOST"] == "mail.example.test"
    assert settings["EMAIL_PORT"] == port
    assert (settings["EMAIL_USE_SSL"], settings["EMAIL_USE_TLS"]) == (is_ssl, is_starttls)


def test_user_and_password_are_decoded():
    settings = build_mail_settings("smtps://me%40example.test:p%40ss%2Fword@mail.example.test")
    assert settings["EMAIL_HOST_USER"] == "me@example.test"
    assert settings["EMAIL_HOST_PASSWORD"] == "p@ss/word"


@pytest.mark.parametrize(
    "url", ["mail.example.test", "http://u:hunter2@x", "smtp://", "smtp://u:hunter2@x:port"]
)
def test_invalid_urls_are_rejected_without_their_password(url: str):
    with pytest.raises(ImproperlyConfigured, match="PLUGPORT_MAIL_URL") as caught:
        build_mail_settings(url)
    assert "hunter2" not in str(caught.value)
