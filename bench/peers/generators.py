"""Send load to several servers in turn, so that all of them get the same share of each disturbance.

wrk sends all of it but conditional requests: it waits for the body of a 304 that has a
Content-Length, which RFC 9110 (8.6) allows. h2load does not.
"""

from __future__ import annotations

import http.client
import json
import re
import statistics
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

_SCRIPT = Path(__file__).with_name("load.lua")
_TIMEOUT_SECONDS = 10


class LoadError(Exception):
    """A server gave another answer than expected; the message is the reason."""


@dataclass(frozen=True)
class Target:
    """What is requested: one path, or the paths of a list in the order of their popularity."""

    url: str
    paths: Sequence[str]
    headers: Mapping[str, str] = field(default_factory=dict)
    status: int = 200


@dataclass(frozen=True)
class Figures:
    """The results of all rounds of one target; times are in milliseconds."""

    rates: tuple[float, ...]
    p95_ms: float

    @property
    def rate(self) -> float:
        """The median of the requests per second."""
        return statistics.median(self.rates)

    def divide_by(self, other: Figures) -> float:
        """Return the median of the ratios of the rounds, each of which has the same conditions."""
        pairs = zip(self.rates, other.rates, strict=True)
        return statistics.median(own / theirs for own, theirs in pairs)


@dataclass(frozen=True)
class Generator:
    """How much is sent: by one thread, with `rounds` rounds of `seconds` for each target."""

    wrk: Path
    h2load: Path | None
    seconds: int
    rounds: int

    def measure_each(
        self, targets: Mapping[str, Target], *, connections: int, order: str = "zipf"
    ) -> dict[str, Figures]:
        """Measure the targets in turn. Raises `LoadError` if any response is a failure."""
        for target in targets.values():
            fetch(target)
            # Fills the caches of every process of the server.
            self._run(target, connections, order, seconds=1)
        rounds = [
            {
                name: self._run(target, connections, order, seconds=self.seconds)
                for name, target in targets.items()
            }
            for _ in range(self.rounds)
        ]
        return {
            name: Figures(
                tuple(results[name]["requests"] / results[name]["seconds"] for results in rounds),
                statistics.median(results[name]["p95_ms"] for results in rounds),
            )
            for name in targets
        }

    def send_cycle(self, target: Target, *, connections: int, seconds: int) -> int:
        """Request the paths one after the other for that time; returns the number of requests."""
        return int(self._run(target, connections, "cycle", seconds=seconds)["requests"])

    def _run(
        self, target: Target, connections: int, order: str, *, seconds: int
    ) -> dict[str, float]:
        run = self._run_h2load if target.status == 304 else self._run_wrk
        figures = run(target, connections, order, seconds)
        if figures["failures"] or not figures["requests"]:
            raise LoadError(
                f"{figures['failures']} of {figures['requests']} requests for"
                f" {target.url}{target.paths[0]} failed"
            )
        return figures

    def _run_wrk(
        self, target: Target, connections: int, order: str, seconds: int
    ) -> dict[str, float]:
        with tempfile.NamedTemporaryFile("w", suffix=".paths") as file:
            file.write("".join(f"{path}\n" for path in target.paths))
            file.flush()
            command = [str(self.wrk), "--threads", "1", "--connections", str(connections)]
            command += ["--duration", f"{seconds}s", "--script", str(_SCRIPT)]
            command += ["--timeout", f"{_TIMEOUT_SECONDS}s"]
            for name, value in target.headers.items():
                command += ["--header", f"{name}: {value}"]
            command += [f"{target.url}{target.paths[0]}", "--"]
            command += [file.name, order] if len(target.paths) > 1 else []
            output = _run_command(command)
        figures: dict[str, float] = json.loads(output.rpartition("RESULT ")[2])
        return figures

    def _run_h2load(
        self, target: Target, connections: int, _order: str, seconds: int
    ) -> dict[str, float]:
        """Request the first path. The results have no latencies."""
        if self.h2load is None:
            raise LoadError("h2load is not installed")
        command = [str(self.h2load), "--h1", "--threads", "1", "--clients", str(connections)]
        command += ["--duration", str(seconds)]
        for name, value in target.headers.items():
            command += ["--header", f"{name}: {value}"]
        output = _run_command([*command, f"{target.url}{target.paths[0]}"])
        counts = re.search(r"requests: .* (\d+) done, .* (\d+) failed, (\d+) errored", output)
        statuses = re.search(r"status codes: .* (\d+) 3xx", output)
        if counts is None or statuses is None:
            raise LoadError(f"h2load: {output[-200:]}")
        done, failed, errored = (int(text) for text in counts.groups())
        unexpected = done - int(statuses[1])
        return {
            "requests": done,
            "seconds": seconds,
            "p95_ms": 0.0,
            "failures": failed + errored + unexpected,
        }


def _run_command(command: Sequence[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        reason = done.stderr.strip() or done.stdout.strip()
        raise LoadError(f"{Path(command[0]).name}: {reason}")
    return done.stdout


def fetch(target: Target) -> tuple[Mapping[str, str], bytes]:
    """Request the first path once; returns the headers in lower case, and the body.

    Raises `LoadError` if the status is not the expected one.
    """
    host = urlsplit(target.url).netloc
    connection = http.client.HTTPConnection(host, timeout=_TIMEOUT_SECONDS)
    try:
        connection.request("GET", target.paths[0], headers=dict(target.headers))
        answer = connection.getresponse()
        body = answer.read()
    except OSError as error:
        raise LoadError(f"{target.paths[0]}: {error}") from None
    finally:
        connection.close()
    if answer.status != target.status:
        raise LoadError(f"{target.paths[0]}: {answer.status}, expected {target.status}")
    return {name.lower(): value for name, value in answer.getheaders()}, body
