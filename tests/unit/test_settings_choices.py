"""Settings that are one of a few words, or a URL, refuse all other values by name."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.http.request import split_domain_port, validate_host

from tests.support.fresh_settings import load_settings


@pytest.mark.parametrize(
    ("name", "value"),
    [
        # With each of these, a public server would run without TLS and Secure cookies.
        *(("PLUGPORT_ENV", value) for value in ("prod", "Production", "live", "")),
        ("PLUGPORT_LOG_FORMAT", "JSON"),
        ("PLUGPORT_LOG_LEVEL", "verbose"),
        ("PLUGPORT_README_IMAGES", "off"),
    ],
)
def test_an_unknown_word_is_refused_by_name(
    name: str, value: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLUGPORT_DATA_DIR", str(tmp_path))
    monkeypatch.setenv(name, value)
    with pytest.raises(ImproperlyConfigured, match=f"^{name} is `{value}`. Allowed: "):
        load_settings()


@pytest.mark.parametrize(
    ("name", "value", "required"),
    [
        ("DATABASE_URL", "u:geheim@db", "start with postgres:// or postgresql://."),
        ("DATABASE_URL", "mysql://u:geheim@db/x", "start with postgres:// or postgresql://."),
        (
            "PLUGPORT_REDIS_URL",
            "u:geheim@redis",
            "start with redis:// or rediss:// and have a host.",
        ),
        ("PLUGPORT_REDIS_URL", "redis://", "start with redis:// or rediss:// and have a host."),
        ("PLUGPORT_S3_ENDPOINT", "s3:9000", "start with http:// or https:// and have a host."),
        ("PLUGPORT_MEILI_URL", "ftp://x", "start with http:// or https:// and have a host."),
        ("PLUGPORT_BASE_URL", "plugins.test", "start with http:// or https:// and have a host."),
        ("PLUGPORT_MAIL_URL", "http://u:geheim@x", "start with smtp:// or smtp"),
    ],
)
def test_a_url_of_another_kind_is_refused_without_its_password(
    name: str, value: str, required: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLUGPORT_DATA_DIR", str(tmp_path))
    monkeypatch.setenv(name, value)
    with pytest.raises(ImproperlyConfigured) as caught:
        load_settings()
    assert str(caught.value).startswith(f"{name} must {required}")
    assert "geheim" not in str(caught.value)


@pytest.mark.parametrize(
    "value", ["10.0.0.1/8", "2001:db8::1/64", "example.org", "10.0.0.0/33", "1"]
)
def test_what_is_not_a_network_is_refused_by_name(
    value: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLUGPORT_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("PLUGPORT_UNLIMITED_NETWORKS", f"192.0.2.0/24, {value}")
    with pytest.raises(ImproperlyConfigured, match=f"^PLUGPORT_UNLIMITED_NETWORKS has `{value}`."):
        load_settings()


@pytest.mark.parametrize("name", ["DATABASE_URL", "PLUGPORT_REDIS_URL", "PLUGPORT_BASE_URL"])
def test_a_url_that_cannot_be_parsed_is_refused(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLUGPORT_DATA_DIR", str(tmp_path))
    monkeypatch.setenv(name, "redis://u:geheim@host:port")
    with pytest.raises(ImproperlyConfigured, match=f"^{name} is not a valid URL.$"):
        load_settings()


@pytest.mark.parametrize("environment", ["local", "production"])
@pytest.mark.parametrize(
    ("base_url", "host"),
    [
        ("https://plugins.example.org", "plugins.example.org"),
        ("https://plugins.example.org:8443/", "plugins.example.org:8443"),
        ("http://[2001:db8::1]:8000", "[2001:db8::1]:8000"),
    ],
)
def test_the_host_of_the_base_url_is_accepted_always(
    environment: str, base_url: str, host: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLUGPORT_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("PLUGPORT_ENV", environment)
    monkeypatch.setenv("PLUGPORT_SECRET_KEY", "k" * 64)
    monkeypatch.setenv("PLUGPORT_BASE_URL", base_url)
    for further in ("", "another.example.org", "another.example.org, plugins.example.org"):
        monkeypatch.setenv("PLUGPORT_ALLOWED_HOSTS", further)
        settings = load_settings()
        hosts = settings["ALLOWED_HOSTS"]
        assert validate_host(split_domain_port(host)[0], hosts)
        assert validate_host("another.example.org", hosts) == ("another" in further)
        assert not validate_host("evil.example", hosts)
