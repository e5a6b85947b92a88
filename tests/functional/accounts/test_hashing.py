"""Password hashes take little memory and few threads, and old ones are replaced."""

from __future__ import annotations

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.contrib.auth.hashers import Argon2PasswordHasher, check_password, make_password
from django.test import Client

from accounts.models import User
from accounts.security.hashers import get_hashing_thread
from tests.processes.harness import build_environment
from tests.support.data import ROOT
from tests.support.hashing import RecordingHasher
from tests.support.people import PASSWORD

HASHERS = ["accounts.security.hashers.BoundedArgon2Hasher"]
# Argon2 with Django's default parameters, as in versions before.
FORMER = "argon2$argon2id$v=19$m=102400,t=2,p=8$"
CURRENT = "argon2$argon2id$v=19$m=19456,t=2,p=1$"


def _sign_in(login: str = "acme", password: str = PASSWORD, client: Client | None = None) -> Any:
    return (client or Client()).post("/login", {"login": login, "password": password})


@pytest.fixture
def former_account(owner: User, settings: Any) -> User:
    """An account whose password was hashed by an earlier version."""
    settings.PASSWORD_HASHERS = HASHERS
    owner.password = Argon2PasswordHasher().encode(PASSWORD, "saltsaltsaltsalt")
    owner.save()
    assert owner.password.startswith(FORMER)
    return owner


def test_a_sign_in_replaces_the_hash_of_an_earlier_version(former_account: User) -> None:
    assert _sign_in(password="wrong").status_code == 200
    former_account.refresh_from_db()
    assert former_account.password.startswith(FORMER)
    assert _sign_in().status_code == 302
    former_account.refresh_from_db()
    assert former_account.password.startswith(CURRENT)
    assert _sign_in().status_code == 302


@pytest.mark.django_db
@pytest.mark.parametrize("login", ["nobody", "nobody@example.test"])
def test_an_unknown_name_is_checked_like_an_account(
    create_user: Any, settings: Any, login: str
) -> None:
    """With the parameters of the account's hash, which decide how long the check takes."""
    settings.PASSWORD_HASHERS = [f"{RecordingHasher.__module__}.RecordingHasher"]
    # A name after all texts.
    user = create_user("zzzzzzzzzz")
    seen = []
    for iterations in (2, 3):
        user.password = make_password(PASSWORD, salt=f"iterations-{iterations}")
        user.save()
        RecordingHasher.seen.clear()
        _sign_in(login)
        seen.append([*RecordingHasher.seen])
    assert seen == [["iterations-2"], ["iterations-3"]]


def test_the_password_of_the_other_account_signs_nobody_in(create_user: Any) -> None:
    create_user("zzzzzzzzzz")
    response = _sign_in("nobody", PASSWORD)
    assert (response.status_code, "sessionid" in response.cookies) == (200, False)


def test_a_busy_server_says_when_to_try_again(owner: User, settings: Any) -> None:
    settings.PASSWORD_HASHERS = HASHERS
    owner.set_password(PASSWORD)
    owner.save()
    settings.MAX_PENDING_PASSWORDS = 0
    # More often than an account may fail.
    for _ in range(7):
        response = _sign_in()
        assert (response.status_code, response.headers["Retry-After"]) == (503, "2")
        assert "too many passwords" in response.content.decode()
    form = {"username": "tide", "email": "tide@example.test"}
    passwords = {"password1": "staple of batteries 7", "password2": "staple of batteries 7"}
    assert Client().post("/signup", form | passwords).status_code == 503
    assert not User.objects.filter(username="tide").exists()
    settings.MAX_PENDING_PASSWORDS = 1
    assert _sign_in().status_code == 302


def test_nobody_waits_for_long(owner: User, settings: Any) -> None:
    settings.PASSWORD_HASHERS = HASHERS
    owner.set_password(PASSWORD)
    owner.save()
    settings.PASSWORD_SECONDS = 0.01
    is_over = threading.Event()
    get_hashing_thread().submit(is_over.wait)
    response = _sign_in()
    is_over.set()
    assert (response.status_code, response.headers["Retry-After"]) == (503, "2")
    settings.PASSWORD_SECONDS = 60
    assert _sign_in().status_code == 302


def test_passwords_that_wait_are_all_checked(settings: Any) -> None:
    settings.PASSWORD_HASHERS = HASHERS
    settings.MAX_PENDING_PASSWORDS = 8
    # However slow this machine is just now.
    settings.PASSWORD_SECONDS = 60
    with ThreadPoolExecutor(8) as pool:
        hashes = list(pool.map(make_password, ["staple of batteries 7"] * 8))
    assert len(set(hashes)) == 8
    assert check_password("staple of batteries 7", hashes[-1])


_MEASURE = """
from concurrent.futures import ThreadPoolExecutor
import django; django.setup()
from django.conf import settings
from django.contrib.auth.hashers import make_password
from config.processes.memory import measure_peak_kb
settings.MAX_PENDING_PASSWORDS = 20
# However slow this machine is just now.
settings.PASSWORD_SECONDS = 60
make_password("warm-up")
before = measure_peak_kb()
with ThreadPoolExecutor(20) as pool:
    list(pool.map(make_password, ["staple of batteries 7"] * 40))
print(measure_peak_kb() - before)
"""


@pytest.mark.processes
def test_twenty_at_once_take_the_memory_of_one(tmp_path: Any) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _MEASURE],
        cwd=ROOT,
        env=build_environment(tmp_path),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    # In kB. A hash takes 19,456; the rest is 20 threads.
    assert int(done.stdout) < 2 * 19_456
