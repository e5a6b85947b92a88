"""Measure the throughput of publishing, and the memory for a large package.

Four clients send packages of 20 kB over HTTP while the worker checks them. A client waits for the
202 of each; the throughput counts until the last of them is published.
"""

from __future__ import annotations

import datetime as dt
import io
import json
import multiprocessing
import random
import time
import urllib.request
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.load import ACCEPTED, Connection, summarize
from bench.report import report
from bench.running import (
    Registry,
    build_parser,
    build_variables,
    create_registry,
    list_databases,
)
from plugport.spec.archive.tar_writer import END_BLOCKS, build_headers, build_padding

CLIENTS = 4
MB = 1_000_000
_SMALL_BYTES = 20_000
_POLL_SECONDS = 0.25


def build_package(name: str, version: str, noise_bytes: int) -> bytes:
    """Build a package of about `size` bytes: manifest, README, source and random bytes."""
    out = io.BytesIO()
    for chunk in iter_compressed_package(name, version, noise_bytes):
        out.write(chunk)
    return out.getvalue()


def iter_compressed_package(name: str, version: str, noise_bytes: int) -> Iterator[bytes]:
    """Yield the package in chunks; all but a few hundred bytes are random."""
    manifest = {
        "schema": 1,
        "name": name,
        "version": version,
        "kind": "service",
        "description": "Sent to measure how fast packages are published.",
        "license": "MIT",
        "author": {"name": "Bench"},
        "repository": "https://git.example.test/bench",
        "tags": ["bench", "speed"],
        "categories": ["development"],
    }
    files = {
        "LICENSE": b"Permission is granted to do anything with this file.\n",
        "README.md": f"# {name}\n\nVersion {version}.\n".encode(),
        "index.js": b"export default { greet: (name) => `Hello, ${name}!` };\n" * 20,
        "plugport.yaml": json.dumps(manifest).encode(),
    }
    deflater = zlib.compressobj(1, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    for path, content in files.items():
        header = build_headers(path, len(content), executable=False)
        yield deflater.compress(header + content + build_padding(len(content)))
    yield deflater.compress(build_headers("weights.bin", noise_bytes, executable=False))
    rng = random.Random(f"{name} {version}")
    for start in range(0, noise_bytes, MB):
        yield deflater.compress(rng.randbytes(min(MB, noise_bytes - start)))
    yield deflater.compress(build_padding(noise_bytes) + END_BLOCKS) + deflater.flush()


def _run_client(url: str, token: str, packages: list[bytes], out: multiprocessing.Queue) -> None:  # type: ignore[type-arg]
    connection = Connection(url, {"Authorization": f"Bearer {token}"})
    times, paths = [], []
    for package in packages:
        started = time.perf_counter()
        status, body = connection.post_package("/api/v1/plugins", [package], len(package))
        times.append(time.perf_counter() - started)
        # 201: the checks have finished before the response.
        if status not in (201, 202):
            raise SystemExit(f"{status}: {body.decode()}")
        paths.append(json.loads(body)["statusUrl"].removeprefix(url))
    out.put((times, paths, token))


def publish_many(registry: Registry, *, each: int) -> None:
    """Publish `each` packages per client: every fifth is a new plugin, the others are its versions."""
    names = [f"bench-{number}" for number in range(CLIENTS)]
    tokens = {name: registry.create_token(name) for name in names}
    parcels = {
        name: [
            build_package(f"@{name}/plugin-{n // 5}", f"1.{n % 5}.0", _SMALL_BYTES)
            for n in range(each)
        ]
        for name in names
    }
    size = len(parcels[names[0]][0])
    out: multiprocessing.Queue = multiprocessing.Queue()  # type: ignore[type-arg]
    clients = [
        multiprocessing.Process(
            target=_run_client, args=(registry.url, tokens[name], parcels[name], out)
        )
        for name in names
    ]
    began, started = time.time(), time.perf_counter()
    for client in clients:
        client.start()
    results = [out.get(timeout=600) for _ in clients]
    sent = time.perf_counter() - started
    ended = max(wait_until_published(registry.url, token, paths) for _, paths, token in results)
    seconds = ended - began
    figures = summarize([t for times, _, _ in results for t in times], sent, 0)
    mark = (
        f"{registry.database}, {CLIENTS} clients, {CLIENTS * each} packages of {size / 1000:.0f} kB"
    )
    report(f"publish: 202 after, p50 ({mark})", figures.p50_ms, "ms", maximum=120)
    report(f"publish: 202 after, p95 ({mark})", figures.p95_ms, "ms")
    report(f"publish: accepted ({mark})", figures.requests_per_second, "packages/s")
    report(f"publish: published ({mark})", CLIENTS * each / seconds, "packages/s", minimum=15)


def wait_until_published(url: str, token: str, paths: list[str]) -> float:
    """Wait until all are published; return the Unix time of the last publication.

    Exits if a release is not published.

    Polls rarely, and only the release that was sent last, because requests slow the server down.
    """
    last = 0.0
    for path in reversed(paths):
        while (document := _fetch_json(f"{url}{path}", token))["state"] == "checking":
            time.sleep(_POLL_SECONDS)
        if document["state"] != "published":
            raise SystemExit(f"{document['name']} was {document['state']}: {document['verdict']}")
        release = _fetch_json(
            f"{url}/api/v1/plugins/{document['name']}/{document['version']}", token
        )
        last = max(last, dt.datetime.fromisoformat(release["publishedAt"]).timestamp())
    return last


def _fetch_json(url: str, token: str) -> Any:
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def publish_large(registry: Registry) -> None:
    """Publish one package of 200 MB; report the peak memory of the process that receives it."""
    token = registry.create_token("bench-large")
    target = registry.folder / "large.tgz"
    with target.open("wb") as file:
        for chunk in iter_compressed_package("@bench-large/model", "1.0.0", 200 * MB):
            file.write(chunk)
    before = max(get_peak_mb(process.pid) for process in registry.list_web_processes())
    connection = Connection(registry.url, {"Authorization": f"Bearer {token}"})
    started = time.perf_counter()
    status, body = connection.post_package(
        "/api/v1/plugins", iter_chunks(target), target.stat().st_size
    )
    seconds = time.perf_counter() - started
    if status not in ACCEPTED:
        raise SystemExit(f"{status}: {body.decode()}")
    peak = max(get_peak_mb(process.pid) for process in registry.list_web_processes())
    report(f"publish 200 MB: accepted after ({registry.database})", seconds, "s")
    report(f"publish 200 MB: memory of a web process before ({registry.database})", before, "MB")
    report(
        f"publish 200 MB: peak memory of a web process ({registry.database})",
        peak,
        "MB",
        maximum=150,
    )
    wait_until_published(
        registry.url, token, [json.loads(body)["statusUrl"].removeprefix(registry.url)]
    )
    report(
        f"publish 200 MB: published after ({registry.database})",
        time.perf_counter() - started,
        "s",
    )


def iter_chunks(path: Path) -> Iterator[bytes]:
    """Yield the file in chunks of 1 MB."""
    with path.open("rb") as file:
        while chunk := file.read(MB):
            yield chunk


def get_peak_mb(pid: int) -> float:
    """Return the peak memory of the process in MB (VmHWM, so Linux)."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024 / MB


def main() -> None:
    parser = build_parser(__doc__, has_redis=True)
    parser.add_argument("--each", type=int, default=75, help="packages a client sends")
    parser.add_argument("--only", choices=["small", "large"])
    options = parser.parse_args()
    for database in list_databases(options.database):
        with create_registry(database, **build_variables(options)) as registry:
            registry.start()
            if options.only != "large":
                publish_many(registry, each=options.each)
            if options.only != "small":
                publish_large(registry)


if __name__ == "__main__":
    main()
