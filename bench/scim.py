"""Provision the people of an organization by SCIM, as an identity provider does, and put them into a group.

Each person is a POST request of one of several connections. The group then gets its members in PATCH requests
of some hundred, and gives them a team.
"""

from __future__ import annotations

import argparse
import http.client
import json
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

from bench.report import report
from bench.running import Registry, build_parser, create_registry, list_databases

_PEOPLE = 10_000
_CONNECTIONS = 4
_PER_PATCH = 500
_TARGET_SECONDS = 120
_SCHEMAS = "urn:ietf:params:scim:"
_CREATE_ORGANIZATION = """
from django.utils import timezone
from accounts.actions.organizations.organization import create_organization
from accounts.actions.organizations.teams import create_team
from accounts.actions.scim.tokens import create_scim_token
from accounts.models import OwnerDomain, User
from accounts.queries.organizations import get_organization
owner = User.objects.create(username="bench-owner", email="owner@bench.invalid")
create_organization(actor=owner, name="bench")
found = get_organization("bench")
OwnerDomain.objects.create(
    owner=found.owner, domain="bench.example", token="c" * 43, verified_at=timezone.now()
)
create_team(actor=owner, organization=found, name="everybody")
print(create_scim_token(actor=owner, organization=found, name="bench")[1])
"""
_MAP_GROUP = """
from accounts.actions.scim.map_group import map_scim_group
from accounts.models import ScimGroup, User
from accounts.queries.organizations import get_organization
found = get_organization("bench")
group = ScimGroup.objects.get()
map_scim_group(
    actor=User.objects.get(username="bench-owner"), organization=found,
    public_id=group.public_id, team="everybody", role="",
)
print(found.memberships.count(), found.teams.get().members.count())
"""


class Provider:
    """A connection of the identity provider."""

    def __init__(self, url: str, token: str) -> None:
        parts = urlsplit(url)
        self._connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=120)
        self._headers = {
            "Authorization": f"Bearer {token}",
            "Content-Type": "application/scim+json",
        }

    def send(self, method: str, path: str, body: Any) -> Any:
        """Send a request below the address of the organization; other statuses end the benchmark."""
        self._connection.request(
            method, f"/scim/v2/bench/{path}", json.dumps(body), headers=self._headers
        )
        response = self._connection.getresponse()
        content = response.read()
        if response.status not in (200, 201):
            raise SystemExit(f"{method} {path} got status {response.status}: {content[:500]!r}")
        return json.loads(content)

    def create_people(self, numbers: range) -> list[str]:
        """Create the people with the numbers; returns their ids."""
        return [self.send("POST", "Users", _build_person(number))["id"] for number in numbers]


def _build_person(number: int) -> dict[str, Any]:
    address = f"person{number}@bench.example"
    return {
        "schemas": [f"{_SCHEMAS}schemas:core:2.0:User"],
        "externalId": f"00u{number:08}",
        "userName": address,
        "name": {"givenName": "Person", "familyName": f"Number {number}"},
        "displayName": f"Person Number {number}",
        "emails": [{"value": address, "type": "work", "primary": True}],
        "active": True,
    }


def bench(registry: Registry, people: int, connections: int) -> None:
    """Measure the import, and check that all people are members."""
    command = ("shell", "--no-imports", "--command")
    token = registry.manage(*command, _CREATE_ORGANIZATION).strip()
    registry.start()
    try:
        started, busy_before = time.monotonic(), _read_busy_seconds(registry)
        shares = [range(start, people, connections) for start in range(connections)]
        providers = [Provider(registry.url, token) for _ in shares]
        with ThreadPoolExecutor(connections) as pool:
            created = pool.map(Provider.create_people, providers, shares)
            ids = [each for share in created for each in share]
        seconds = time.monotonic() - started
        busy = _read_busy_seconds(registry) - busy_before
        started = time.monotonic()
        _fill_group(providers[0], ids)
        in_group = time.monotonic() - started
    finally:
        registry.stop()
    counts = registry.manage(*command, _MAP_GROUP).split()
    if counts != [str(people + 1), str(people)]:
        raise SystemExit(f"not all people are members: {counts}")
    name = f"SCIM, {people} people, {connections} connections ({registry.database})"
    report(f"{name}: created", seconds, "s", maximum=_TARGET_SECONDS * people / _PEOPLE)
    # Of a busy machine, it says more than the time.
    report(f"{name}: processor time of the serving processes", busy, "s")
    report(f"{name}: put into a group", in_group, "s")


def _read_busy_seconds(registry: Registry) -> float:
    """The processor time of the web processes and the gateway since their start."""
    times = [process.cpu_times() for process in registry.list_serving_processes().values()]
    return sum(each.user + each.system for each in times)


def _fill_group(provider: Provider, ids: list[str]) -> None:
    group = {"schemas": [f"{_SCHEMAS}schemas:core:2.0:Group"], "displayName": "Everybody"}
    path = f"Groups/{provider.send('POST', 'Groups', group)['id']}?excludedAttributes=members"
    for start in range(0, len(ids), _PER_PATCH):
        members = [{"value": each} for each in ids[start : start + _PER_PATCH]]
        operation = {"op": "add", "path": "members", "value": members}
        body = {
            "schemas": [f"{_SCHEMAS}api:messages:2.0:PatchOp"],
            "Operations": [operation],
        }
        provider.send("PATCH", path, body)


def _parse_options() -> argparse.Namespace:
    parser = build_parser(__doc__)
    parser.add_argument("--people", type=int, default=_PEOPLE)
    parser.add_argument("--connections", type=int, default=_CONNECTIONS)
    return parser.parse_args()


def main() -> None:
    """Measure on each database that responds."""
    options = _parse_options()
    for database in list_databases(options.database):
        with create_registry(database, PLUGPORT_LIMIT_SCIM="100000000/minute") as registry:
            bench(registry, options.people, options.connections)


if __name__ == "__main__":
    main()
