"""Look for stale reads: change plugins at random, and read them from every web process.

Releases are published, yanked and unyanked, quarantined and restored, and descriptions are edited.
Meanwhile connections to every process that accepts them read the routes that show these facts:
plain, compressed, conditional, and with a token. Every answer must show a state of the plugin that
was current at most 250 ms before the request started.
"""

from __future__ import annotations

import contextlib
import gzip
import http.client
import json
import random
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import psutil

from bench.load import ACCEPTED, Connection
from bench.publish import build_package
from bench.report import report, report_unmeasured
from bench.running import (
    ROOT,
    Registry,
    build_parser,
    build_variables,
    create_registry,
    list_databases,
)

MAX_AGE_SECONDS = 0.25
_PLUGINS = ("@bench-stale/alpha", "@bench-stale/beta", "@bench-stale/gamma")
_WATCHED = "7.0.0"
_PACKAGE_BYTES = 2_000
_POLL_SECONDS = 0.02
_WRITER_PAUSE_SECONDS = (0.1, 0.6)
_READER_PAUSE_SECONDS = 0.01
_TIMEOUT_SECONDS = 30
# For each process. More than one, because a process that is busy serves its connections in turn.
_CONNECTIONS_PER_PROCESS = 4
_MAX_CONNECTION_ATTEMPTS = 200
_MODERATE_CODE = """
import json, sys
from accounts.models import User
from registry.actions.moderate_release import quarantine_release, restore_release
from registry.models import Release
actor, _ = User.objects.get_or_create(username="bench-moderator", defaults={"is_moderator": True})
actions = {"quarantine": quarantine_release, "restore": restore_release}
print("ready", flush=True)
for line in sys.stdin:
    action, name, version = json.loads(line)
    release = Release.objects.get(plugin__name=name, version=version)
    actions[action](actor=actor, release=release, reason="To measure how old answers are.")
    print("done", flush=True)
"""


@dataclass
class State:
    """What the public routes show of one plugin."""

    description: str = ""
    # The state and the yank of each release, by version.
    releases: dict[str, tuple[str, bool]] = field(default_factory=dict)


@dataclass(frozen=True)
class Change:
    """A value that a route shows: not before `started`, and surely after `committed`."""

    value: Hashable
    started: float
    committed: float


@dataclass(frozen=True)
class Route:
    """One route of one plugin; both functions return the same kind of value."""

    title: str
    plugin: str
    path: str
    expect: Callable[[State], Hashable]
    parse: Callable[[int, bytes], Hashable]


@dataclass(frozen=True)
class Answer:
    """What a reader received. `started` is when it sent the request."""

    route: Route
    value: Hashable
    started: float
    ended: float


def find_age(history: Sequence[Change], answer: Answer) -> float | None:
    """Return for how many seconds the answer was out of date when its request started, at least 0.

    None if the answer shows no state that the plugin ever had.
    """
    for index in reversed(range(len(history))):
        change = history[index]
        if change.value == answer.value and change.started <= answer.ended:
            is_newest = index + 1 == len(history)
            return 0.0 if is_newest else max(0.0, answer.started - history[index + 1].committed)
    return None


def build_routes(plugin: str) -> list[Route]:
    """Return the routes that are read of the plugin."""
    api = f"/api/v1/plugins/{plugin}"
    pattern = re.compile(rf"Edit \d+ of {plugin.rpartition('/')[2]}\b")

    def parse_description(status: int, body: bytes) -> Hashable:
        return (status, *sorted(set(pattern.findall(body.decode()))))

    def expect_description(state: State) -> Hashable:
        return 200, state.description

    def parse_versions(status: int, body: bytes) -> Hashable:
        versions = json.loads(body)["versions"]
        return status, frozenset((v["version"], v["state"], bool(v["yanked"])) for v in versions)

    def expect_versions(state: State) -> Hashable:
        return 200, frozenset((name, *shown) for name, shown in state.releases.items())

    def parse_release(status: int, body: bytes) -> Hashable:
        release = json.loads(body)
        return status, release["state"], bool(release["yanked"])

    def parse_version_page(status: int, body: bytes) -> Hashable:
        return status, frozenset(re.findall(r"\b7\.\d+\.0\b", body.decode()))

    return [
        Route("plugin", plugin, api, expect_description, parse_description),
        Route("recent", plugin, "/api/v1/plugins/recent", expect_description, parse_description),
        Route("versions", plugin, f"{api}/versions", expect_versions, parse_versions),
        Route(
            "release",
            plugin,
            f"{api}/{_WATCHED}",
            lambda state: (200, *state.releases[_WATCHED]),
            parse_release,
        ),
        Route(
            "download",
            plugin,
            f"{api}/{_WATCHED}/download",
            lambda state: 200 if state.releases[_WATCHED][0] == "published" else 403,
            lambda status, _body: status,
        ),
        Route("page", plugin, f"/plugins/{plugin}", expect_description, parse_description),
        Route(
            "page of versions",
            plugin,
            f"/plugins/{plugin}/versions",
            lambda state: (200, frozenset(state.releases)),
            parse_version_page,
        ),
    ]


class Moderator:
    """A process that runs actions of a moderator, which no route of the API offers."""

    def __init__(self, registry: Registry) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "manage.py", "shell", "--no-imports", "--command", _MODERATE_CODE],
            cwd=ROOT,
            env=registry.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._lock = threading.Lock()
        self._expect("ready")

    def run(self, action: str, plugin: str, version: str) -> None:
        """Quarantine or restore a release; the change is committed when this returns."""
        assert self._process.stdin is not None
        with self._lock:
            self._process.stdin.write(json.dumps([action, plugin, version]) + "\n")
            self._process.stdin.flush()
            self._expect("done")

    def stop(self) -> None:
        """End the process."""
        self._process.terminate()
        self._process.communicate()

    def _expect(self, word: str) -> None:
        assert self._process.stdout is not None
        if (line := self._process.stdout.readline().strip()) != word:
            raise ConnectionError(f"the process of the moderator printed {line!r}")


class Writer:
    """Changes one plugin at random, and records from when on each route shows what."""

    def __init__(self, registry: Registry, token: str, moderator: Moderator, plugin: str) -> None:
        self._registry = registry
        self._token = token
        self._moderator = moderator
        self._plugin = plugin
        self._rng = random.Random(plugin)
        self._state = State()
        self._edits = 0
        self.routes = build_routes(plugin)
        self.history: dict[Route, list[Change]] = {route: [] for route in self.routes}
        self.changes = 0

    def prepare(self) -> None:
        """Publish two releases, so that one can be blocked, and describe the plugin."""
        self._publish()
        self._publish()
        self._edit()
        self._record(time.monotonic())

    def run(self, until: float) -> None:
        """Change the plugin until that moment of the monotonic clock."""
        steps = [self._publish] * 2 + [self._edit] * 3 + [self._flip_yank] * 3
        steps += [self._flip_quarantine] * 3
        while time.monotonic() < until:
            started = time.monotonic()
            self._rng.choice(steps)()
            self._record(started)
            self.changes += 1
            time.sleep(self._rng.uniform(*_WRITER_PAUSE_SECONDS))

    def _record(self, started: float) -> None:
        committed = time.monotonic()
        for route, changes in self.history.items():
            value = route.expect(self._state)
            if not changes or changes[-1].value != value:
                changes.append(Change(value, started, committed))

    def _choose_version(self) -> str:
        """Return a version below the newest, which stays the one that the plugin shows."""
        older = list(self._state.releases)[:-1]
        return _WATCHED if self._rng.random() < 0.5 else self._rng.choice(older)

    def _publish(self) -> None:
        version = f"7.{len(self._state.releases)}.0"
        package = build_package(self._plugin, version, _PACKAGE_BYTES)
        connection = Connection(self._registry.url, {"Authorization": f"Bearer {self._token}"})
        status, body = connection.post_package("/api/v1/plugins", [package], len(package))
        connection.socket.close()
        if status not in ACCEPTED:
            raise ConnectionError(f"publish: {status} {body.decode()[:200]}")
        path = json.loads(body)["statusUrl"].removeprefix(self._registry.url)
        while (state := self._call("GET", path)["state"]) == "checking":
            time.sleep(_POLL_SECONDS)
        if state != "published":
            raise ConnectionError(f"{self._plugin} {version} was {state}")
        self._state.releases[version] = ("published", False)

    def _edit(self) -> None:
        self._edits += 1
        description = f"Edit {self._edits} of {self._plugin.rpartition('/')[2]}"
        self._call("PATCH", f"/api/v1/plugins/{self._plugin}", {"description": description})
        self._state.description = description

    def _flip_yank(self) -> None:
        version = self._choose_version()
        state, is_yanked = self._state.releases[version]
        if state != "published":
            return
        action, body = ("unyank", None) if is_yanked else ("yank", {"reason": "To measure."})
        self._call("POST", f"/api/v1/plugins/{self._plugin}/{version}/{action}", body)
        self._state.releases[version] = (state, not is_yanked)

    def _flip_quarantine(self) -> None:
        version = self._choose_version()
        state, is_yanked = self._state.releases[version]
        action, after = ("quarantine", "quarantined")
        if state == "quarantined":
            action, after = "restore", "published"
        self._moderator.run(action, self._plugin, version)
        self._state.releases[version] = (after, is_yanked)

    def _call(self, method: str, path: str, body: Mapping[str, str] | None = None) -> Any:
        connection = http.client.HTTPConnection(
            urlsplit(self._registry.url).netloc, timeout=_TIMEOUT_SECONDS
        )
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        with contextlib.closing(connection):
            content = None if body is None else json.dumps(body)
            connection.request(method, path, content, headers)
            answer = connection.getresponse()
            text = answer.read()
        if answer.status != 200:
            raise ConnectionError(f"{method} {path}: {answer.status} {text.decode()[:200]}")
        return json.loads(text)


class Reader:
    """Reads random routes on one connection."""

    def __init__(self, registry: Registry, seed: int) -> None:
        self._rng = random.Random(seed)
        self._connection = http.client.HTTPConnection(
            urlsplit(registry.url).netloc, timeout=_TIMEOUT_SECONDS
        )
        # The ETag and the value of the last response, for conditional requests.
        self._seen: dict[tuple[Route, str], tuple[str, Hashable]] = {}
        self.answers: list[Answer] = []
        self.failures: list[str] = []

    def connect(self) -> int:
        """Send one request; returns the local port of the connection."""
        self._connection.request("GET", "/healthz")
        self._connection.getresponse().read()
        return int(self._connection.sock.getsockname()[1])

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def run(self, routes: Sequence[Route], token: str, until: float) -> None:
        """Read until that moment of the monotonic clock."""
        variants: dict[str, dict[str, str]] = {
            "plain": {},
            "compressed": {"Accept-Encoding": "gzip"},
            "with a token": {"Authorization": f"Bearer {token}"},
        }
        while time.monotonic() < until:
            route, variant = self._rng.choice(routes), self._rng.choice(list(variants))
            try:
                self._read(route, variant, variants[variant])
            except (OSError, http.client.HTTPException, ValueError, KeyError) as error:
                self.failures.append(f"{route.path}: {str(error) or type(error).__name__}")
                # The next request connects again, perhaps to another process.
                self._connection.close()
            time.sleep(_READER_PAUSE_SECONDS)

    def _read(self, route: Route, variant: str, headers: Mapping[str, str]) -> None:
        etag, value = self._seen.get((route, variant), ("", None))
        condition = {"If-None-Match": etag} if etag and self._rng.random() < 0.5 else {}
        started = time.monotonic()
        self._connection.request("GET", route.path, headers={**headers, **condition})
        answer = self._connection.getresponse()
        body = answer.read()
        ended = time.monotonic()
        if answer.status != 304:
            if answer.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            value = route.parse(answer.status, body)
            self._seen[(route, variant)] = (answer.headers.get("ETag", ""), value)
        self.answers.append(Answer(route, value, started, ended))


def list_listening_processes(registry: Registry) -> dict[int, str]:
    """Return the ids and names of the processes that accept connections of clients."""
    port = urlsplit(registry.url).port
    return {
        process.pid: name
        for name, process in registry.list_serving_processes().items()
        if any(
            connection.status == psutil.CONN_LISTEN and connection.laddr.port == port
            for connection in process.net_connections("tcp")
        )
    }


def connect_readers(registry: Registry) -> tuple[list[Reader], set[str]]:
    """Connect readers until each process has enough; returns them, and the processes without any."""
    processes = list_listening_processes(registry)
    counts = dict.fromkeys(processes, 0)
    readers: list[Reader] = []
    for seed in range(_MAX_CONNECTION_ATTEMPTS):
        if min(counts.values(), default=0) >= _CONNECTIONS_PER_PROCESS:
            break
        reader = Reader(registry, seed)
        pid = find_process(list(processes), reader.connect())
        if pid is None or counts[pid] >= _CONNECTIONS_PER_PROCESS:
            reader.close()
            continue
        counts[pid] += 1
        readers.append(reader)
    return readers, {name for pid, name in processes.items() if not counts[pid]}


def find_process(pids: Sequence[int], client_port: int) -> int | None:
    """Return the process that has the connection of a client with that port."""
    for pid in pids:
        for connection in psutil.Process(pid).net_connections("tcp"):
            # Others, such as those that listen, have no remote address.
            is_connected = connection.status == psutil.CONN_ESTABLISHED
            if is_connected and connection.raddr.port == client_port:
                return pid
    return None


def report_answers(writers: Sequence[Writer], readers: Sequence[Reader], mark: str) -> None:
    """Print the ages of all answers by route, and the totals."""
    history = {route: changes for writer in writers for route, changes in writer.history.items()}
    ages: dict[str, list[float | None]] = {}
    for reader in readers:
        for answer in reader.answers:
            age = find_age(history[answer.route], answer)
            ages.setdefault(answer.route.title, []).append(age)
            if age is None:
                print(f"# {answer.route.path}: {answer.value}", flush=True)
    for title, found in sorted(ages.items()):
        known = [age for age in found if age is not None]
        oldest = max(known, default=0.0) * 1000
        report(f"oldest of {len(found)} answers: {title} ({mark})", oldest, "ms")
    flat = [age for found in ages.values() for age in found]
    stale = sum(age is not None and age > MAX_AGE_SECONDS for age in flat)
    failures = [failure for reader in readers for failure in reader.failures]
    for failure in sorted(set(failures)):
        print(f"# {failure}", flush=True)
    report(f"changes ({mark})", sum(writer.changes for writer in writers), "changes")
    report(f"answers ({mark})", len(flat), "answers")
    report(f"answers older than 250 ms ({mark})", stale, "answers", maximum=0)
    report(f"answers of no state ({mark})", flat.count(None), "answers", maximum=0)
    report(f"failed requests ({mark})", len(failures), "requests", maximum=0)


@contextlib.contextmanager
def run_moderator(registry: Registry) -> Iterator[Moderator]:
    """Run the process of the moderator until the end of the block."""
    moderator = Moderator(registry)
    try:
        yield moderator
    finally:
        moderator.stop()


def run(registry: Registry, seconds: float) -> int:
    """Change and read plugins; return the number of processes that no reader reached."""
    registry.start()
    token, stranger = registry.create_token("bench-stale"), registry.create_token("bench-stranger")
    with run_moderator(registry) as moderator:
        writers = [Writer(registry, token, moderator, plugin) for plugin in _PLUGINS]
        for writer in writers:
            writer.prepare()
        readers, missing = connect_readers(registry)
        until = time.monotonic() + seconds
        routes = [route for writer in writers for route in writer.routes]
        with ThreadPoolExecutor(len(writers) + len(readers)) as pool:
            tasks = [pool.submit(writer.run, until) for writer in writers]
            tasks += [pool.submit(reader.run, routes, stranger, until) for reader in readers]
    for task in tasks:
        # After a failed change nobody knows what the routes have to show.
        task.result()
    mark = f"{registry.database}, {seconds:g} s, {len(readers)} readers"
    report_answers(writers, readers, mark)
    for name in sorted(missing):
        report_unmeasured(f"answers of {name} ({mark})", "it accepted no connection")
    if not readers:
        report_unmeasured(f"all answers ({mark})", "no process accepts connections")
    return len(missing) + (not readers)


def main() -> None:
    parser = build_parser(__doc__, has_redis=True)
    parser.add_argument("--seconds", type=float, default=60, help="how long to change and read")
    options = parser.parse_args()
    unmeasured = 0
    for database in list_databases(options.database):
        with create_registry(database, **build_variables(options)) as registry:
            unmeasured += run(registry, options.seconds)
    if unmeasured:
        raise SystemExit(f"not measured: {unmeasured}")


if __name__ == "__main__":
    main()
