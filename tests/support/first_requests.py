"""The first requests of a web process: all of its threads send one at the same time.

`send_first_requests` starts the application once, as a web process does, and forks for each kind
of request, so that each kind is the first one.
"""

from __future__ import annotations

import base64
import io
import json
import os
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from tests.support.data import ROOT

# The most that a web process has. More would have to wait for a connection to PostgreSQL.
THREADS = 12
PATIENCE_SECONDS = 120
CSRF_TOKEN = "c" * 32
_BOUNDARY = "first-requests"
_NAME, _VERSION = "@acme/chat", "1.0.0"


@dataclass(frozen=True, slots=True)
class Case:
    """One kind of request, and the statuses that a thread may get. Threads share the bodies."""

    method: str
    path: str
    statuses: tuple[int, ...] = (200,)
    headers: Mapping[str, str] = field(default_factory=dict)
    bodies: tuple[str, ...] = ("",)
    # Whether a request may import modules, because a lock admits one thread at a time.
    may_import: bool = False


KINDS = {
    "home": Case("GET", "/"),
    "page": Case("GET", f"/plugins/{_NAME}"),
    "file": Case("GET", f"/plugins/{_NAME}/files/plugport.yaml"),
    "page that does not exist": Case("GET", "/plugins/@acme/chatt", (404,)),
    "search page": Case("GET", "/search?q=chat"),
    "search": Case("GET", "/api/v1/plugins?q=chat"),
    "API read": Case("GET", f"/api/v1/plugins/{_NAME}"),
    "download": Case("GET", f"/api/v1/plugins/{_NAME}/{_VERSION}/download"),
    "feed": Case("GET", "/feeds/new.atom"),
    # A process draws few at a time.
    "card": Case("GET", "/cards/home.png", (200, 503), may_import=True),
    "documentation": Case("GET", "/docs/cli"),
    "search of the documentation": Case("GET", "/docs?q=token", may_import=True),
    "API reference": Case("GET", "/docs/api", may_import=True),
    "OpenAPI": Case("GET", "/api/v1/openapi.json", may_import=True),
    "admin": Case("GET", "/admin/", (302,)),
    "SCIM": Case("GET", "/scim/v2/harbor/Users?filter=active%20eq%20true", may_import=True),
    "health": Case("GET", "/readyz"),
}
# Attempts to sign in at the same time count as guesses of a password.
_STATUSES = {"publish": (202,), "login": (302, 200, 429)}
NAMES = (*KINDS, *_STATUSES)
# Codecs import nothing else, and one thread at a time loads a lexer.
_HARMLESS = ("encodings.", "pygments.lexers.")

# Prints a token of the account that published the plugin, and a SCIM token of an organization.
_PREPARE = f"""
import django
django.setup()
from accounts.models import Organization, User
from tests.support.organizations import build_organization
from tests.support.people import create_api_token, create_user
from tests.support.publishing import Publisher
from tests.support.scim import build_provider
user = User.objects.filter(username="acme").first() or create_user("acme")
publisher = Publisher(user)
publisher.publish({_NAME!r}, {_VERSION!r})
found = Organization.objects.filter(owner__name="harbor").first()
provider = build_provider(found or build_organization(user, "harbor"), user)
print(create_api_token(publisher.actor), provider.token)
"""


def send_first_requests(environment: Mapping[str, str]) -> dict[str, Any]:
    """Publish a plugin, then send the requests of each kind.

    Returns for each kind the number of responses by status, and the modules that were imported.
    """
    from tests.support.people import PASSWORD
    from tests.support.publishing import build_package

    token, scim_token = _run(environment, "-c", _PREPARE).splitlines()[-1].split()
    publish = Case(
        "POST",
        "/api/v1/plugins",
        _STATUSES["publish"],
        {
            "HTTP_AUTHORIZATION": f"Bearer {token}",
            "CONTENT_TYPE": f"multipart/form-data; boundary={_BOUNDARY}",
        },
        tuple(_build_form(build_package(f"@acme/p{number}")) for number in range(THREADS)),
    )
    login = Case(
        "POST",
        "/login",
        _STATUSES["login"],
        {
            "HTTP_COOKIE": f"csrftoken={CSRF_TOKEN}",
            "CONTENT_TYPE": "application/x-www-form-urlencoded",
        },
        (
            _encode(
                f"login=acme&password={PASSWORD.replace(' ', '+')}"
                f"&csrfmiddlewaretoken={CSRF_TOKEN}".encode()
            ),
        ),
    )
    scim = replace(KINDS["SCIM"], headers={"HTTP_AUTHORIZATION": f"Bearer {scim_token}"})
    cases = {**KINDS, "SCIM": scim, "publish": publish, "login": login}
    given = json.dumps({name: asdict(case) for name, case in cases.items()})
    output = _run(environment, "-m", "tests.support.first_requests", given=given)
    results: dict[str, Any] = json.loads(output.splitlines()[-1])
    return results


def check_first_requests(results: Mapping[str, Any], name: str) -> None:
    """Check that each thread got the expected status, and that no module was imported."""
    allowed = _STATUSES[name] if name in _STATUSES else KINDS[name].statuses
    statuses, modules = results[name]
    assert set(statuses) <= {str(status) for status in allowed}, statuses
    assert sum(statuses.values()) == THREADS, statuses
    assert str(allowed[0]) in statuses, statuses
    assert modules == [] or (name in KINDS and KINDS[name].may_import)


def _build_form(package: bytes) -> str:
    head = (
        f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="package"; filename="p.tgz"\r\n'
        "Content-Type: application/gzip\r\n\r\n"
    )
    return _encode(head.encode() + package + f"\r\n--{_BOUNDARY}--\r\n".encode())


def _encode(body: bytes) -> str:
    return base64.b64encode(body).decode()


def _run(environment: Mapping[str, str], *arguments: str, given: str = "") -> str:
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=dict(environment),
        input=given,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


# ---- in the process of the application ---------------------------------------------------------
def _send(application: Any, case: Mapping[str, Any], body: bytes) -> str:
    path, _, query = case["path"].partition("?")
    statuses: list[str] = []
    environ = {
        "REQUEST_METHOD": case["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "CONTENT_LENGTH": str(len(body)),
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        **case["headers"],
    }
    response = application(environ, lambda status, _headers, _error=None: statuses.append(status))
    for _ in response:
        pass
    response.close()
    return statuses[0].split()[0]


def _connect(barrier: threading.Barrier) -> None:
    """Let the pool open a connection for each thread, as often as it takes on a busy machine.

    A request waits less than a second for a connection, and then answers 503.
    """
    from django.db import OperationalError, connection

    until = time.monotonic() + PATIENCE_SECONDS
    while connection.connection is None:
        try:
            connection.ensure_connection()
        except OperationalError:
            if time.monotonic() > until:
                raise
    barrier.wait(PATIENCE_SECONDS)
    connection.close()


def _send_at_once(application: Any, case: Mapping[str, Any]) -> tuple[Counter[str], list[str]]:
    barrier = threading.Barrier(THREADS)

    def send(number: int) -> str:
        body = base64.b64decode(case["bodies"][number % len(case["bodies"])])
        _connect(barrier)
        barrier.wait(PATIENCE_SECONDS)
        return _send(application, case, body)

    before = set(sys.modules)
    with ThreadPoolExecutor(THREADS) as pool:
        statuses = Counter(pool.map(send, range(THREADS)))
    imported = sorted(set(sys.modules) - before)
    return statuses, [name for name in imported if not name.startswith(_HARMLESS)]


def _send_in_fork(application: Any, case: Mapping[str, Any]) -> Any:
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        os.close(reader)
        with os.fdopen(writer, "w") as out:
            json.dump(_send_at_once(application, case), out)
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as source:
        text = source.read()
    os.waitpid(child, 0)
    return json.loads(text)


def main() -> None:
    """Start the application, send the cases on standard input, and print the results."""
    from config.wsgi import application

    # Only then a fork is like a new process.
    assert threading.active_count() == 1
    cases = json.load(sys.stdin)
    print(json.dumps({name: _send_in_fork(application, case) for name, case in cases.items()}))


if __name__ == "__main__":
    main()
