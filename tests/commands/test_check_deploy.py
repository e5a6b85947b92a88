"""`manage.py check --deploy` reports what an operator has to set, and nothing else."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from config.env import DECLARED
from tests.processes.harness import build_environment
from tests.support.data import ROOT

pytestmark = pytest.mark.processes

# What production requires; a contact and a mail server are recommended.
REQUIRED = {
    "PLUGPORT_ENV": "production",
    "PLUGPORT_SECRET_KEY": "".join(chr(ord("!") + number % 90) for number in range(64)),
    "PLUGPORT_BASE_URL": "https://plugins.example.org",
    "PLUGPORT_TRUSTED_PROXIES": "1",
}
CONTACT = {"PLUGPORT_SECURITY_CONTACT": "security@example.org"}
MAIL = {"PLUGPORT_MAIL_URL": "smtp://mail.example.org"}
POSTGRES = {"DATABASE_URL": "postgres://acme@127.0.0.1:1/registry"}


@pytest.mark.parametrize(
    ("variables", "reported"),
    [
        ({}, ["accounts.W001", "marketplace.W001"]),
        (CONTACT, ["accounts.W001"]),
        (CONTACT | MAIL, []),
        (CONTACT | {"PLUGPORT_ALLOW_SIGNUP": "0"}, []),
        (CONTACT | MAIL | {"PLUGPORT_TRUSTED_PROXIES": "0"}, ["registry.W002"]),
        (
            CONTACT | MAIL | {"PLUGPORT_TRUSTED_PROXIES": "0", "PLUGPORT_TLS_REDIRECT": "0"},
            ["security.W008"],
        ),
        (CONTACT | MAIL | POSTGRES, ["registry.W001"]),
        (CONTACT | MAIL | POSTGRES | {"PLUGPORT_REDIS_URL": "redis://127.0.0.1:1/0"}, []),
    ],
)
def test_production_reports_only_what_is_not_set(
    tmp_path: Path, variables: dict[str, str], reported: list[str]
) -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy"],
        cwd=ROOT,
        env=build_environment(tmp_path, **REQUIRED | variables),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert re.findall(r"\(([a-z_]+\.[EW]\d+)\)", done.stderr) == reported


def test_the_default_hosts_are_named_once() -> None:
    hosts = DECLARED["PLUGPORT_ALLOWED_HOSTS"].default.split(",")
    assert sorted(hosts) == sorted(set(hosts))
