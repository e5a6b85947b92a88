"""Start and stop the servers that this registry is compared with, on free ports of this machine."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from bench.running import ROOT

_START_SECONDS = 120
_STOP_SECONDS = 20
# The storage of 100,000 packages takes half of it.
_STORAGE_BYTES = 2_000_000_000
# Without a proxy to other registries, without its pages, and everyone may publish.
_VERDACCIO_CONFIG = {
    "uplinks": {},
    "packages": {"**": {"access": "$all", "publish": "$all", "unpublish": "$all"}},
    "web": {"enable": False},
    "middlewares": {},
    "log": {"type": "stdout", "format": "json", "level": "fatal"},
    "max_body_size": "10mb",
}


class PeerError(Exception):
    """A server did not start or did not accept what it needs; the message is the reason."""


def find_port() -> int:
    """Return a port of 127.0.0.1 that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def run_server(
    command: Sequence[str], log: Path, ready_url: str, environment: Mapping[str, str]
) -> Iterator[None]:
    """Run the command until the end of the block. Raises `PeerError` if it does not respond."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
    try:
        until = time.monotonic() + _START_SECONDS
        while not _is_responding(ready_url):
            if process.poll() is not None or time.monotonic() > until:
                lines = log.read_text(errors="replace").strip().splitlines() or ["no output"]
                raise PeerError(" / ".join(lines[-3:]))
            time.sleep(0.05)
        yield
    finally:
        process.terminate()
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _is_responding(url: str) -> bool:
    try:
        urllib.request.urlopen(url, timeout=5).close()
    except urllib.error.HTTPError:
        return True
    except (urllib.error.URLError, OSError):
        return False
    return True


@contextlib.contextmanager
def run_bare(folder: Path, *, body: bytes, package: bytes, loop: str) -> Iterator[str]:
    """Serve fixed answers with two processes of granian on the event loop; yields the URL."""
    files = {"BARE_BODY": folder / "bare.json", "BARE_FILE": folder / "bare.tgz"}
    files["BARE_BODY"].write_bytes(body)
    files["BARE_FILE"].write_bytes(package)
    url = f"http://127.0.0.1:{(port := find_port())}"
    command = [sys.executable, "-m", "granian", "--interface", "asgi", "--factory"]
    command += ["--host", "127.0.0.1", "--port", str(port), "--workers", "2", "--loop", loop]
    command += ["--no-ws", "--log-level", "warning", "bench.peers.bare:load_application"]
    environment = {name: str(path) for name, path in files.items()}
    with run_server(command, folder / f"bare-{loop}.log", url, environment):
        yield url


@contextlib.contextmanager
def run_verdaccio(command: Sequence[str], folder: Path, names: Sequence[str]) -> Iterator[str]:
    """Run verdaccio with one package of one version under each name; yields the URL.

    One package is published, and its stored document copied for the others: 100,000 requests would
    take minutes.
    """
    with (
        tempfile.TemporaryDirectory(prefix="plugport-bench-", dir=_find_memory_folder()) as storage,
        _run_filled_verdaccio(command, folder, Path(storage), names) as url,
    ):
        yield url


def _find_memory_folder() -> str | None:
    """Return a folder in memory, where 100,000 files are created in seconds; None without one.

    Verdaccio's files are in the cache of the kernel anyway when it is measured.
    """
    folder = "/dev/shm"
    is_usable = os.access(folder, os.W_OK) and shutil.disk_usage(folder).free > _STORAGE_BYTES
    return folder if is_usable else None


@contextlib.contextmanager
def _run_filled_verdaccio(
    command: Sequence[str], folder: Path, storage: Path, names: Sequence[str]
) -> Iterator[str]:
    config = folder / "verdaccio.json"
    # YAML contains JSON.
    config.write_text(json.dumps({**_VERDACCIO_CONFIG, "storage": str(storage)}))
    url = f"http://127.0.0.1:{(port := find_port())}"
    line = [*command, "--config", str(config), "--listen", f"127.0.0.1:{port}"]
    environment = {"NODE_ENV": "production"}
    log = folder / "verdaccio.log"
    with run_server(line, log, f"{url}/-/ping", environment):
        publish_npm_package(url, "plugport-bench-template", b"template", readme="")
    _copy_documents(storage, "plugport-bench-template", names)
    with run_server(line, log, f"{url}/-/ping", environment):
        yield url


def _copy_documents(storage: Path, template: str, names: Sequence[str]) -> None:
    text = (storage / template / "package.json").read_text()
    for name in names:
        package = storage / name
        package.mkdir(parents=True)
        (package / "package.json").write_text(text.replace(template, name))
    (storage / ".verdaccio-db.json").write_text(json.dumps({"list": [*names], "secret": "x" * 32}))


def build_npm_path(name: str) -> str:
    """Return the path of a package's metadata, as npm requests it."""
    return f"/{quote(name, safe='@')}"


def publish_npm_package(url: str, name: str, package: bytes, *, readme: str) -> str:
    """Publish version 1.0.0 to an npm registry; returns the path of the package.

    Raises `PeerError` if the registry refuses it.
    """
    file = f"{name.rpartition('/')[2]}-1.0.0.tgz"
    digest = base64.b64encode(hashlib.sha512(package).digest()).decode()
    version = {
        "_id": f"{name}@1.0.0",
        "name": name,
        "version": "1.0.0",
        "description": "Sent to measure how fast packages are served.",
        "license": "MIT",
        "keywords": ["bench", "speed"],
        "repository": {"type": "git", "url": "https://git.example.test/bench"},
        "readmeFilename": "README.md",
        "dist": {
            "shasum": hashlib.sha1(package).hexdigest(),
            "integrity": f"sha512-{digest}",
            "tarball": f"{url}{build_npm_path(name)}/-/{file}",
        },
    }
    document = {
        "_id": name,
        "name": name,
        "description": version["description"],
        "readme": readme,
        "dist-tags": {"latest": "1.0.0"},
        "versions": {"1.0.0": version},
        "_attachments": {file: _build_attachment(package)},
    }
    request = urllib.request.Request(
        f"{url}{build_npm_path(name)}",
        json.dumps(document).encode(),
        {"Content-Type": "application/json"},
        method="PUT",
    )
    try:
        urllib.request.urlopen(request, timeout=30).close()
    except urllib.error.HTTPError as error:
        raise PeerError(f"verdaccio: {error.code} {error.read().decode()[:200]}") from None
    return f"{build_npm_path(name)}/-/{file}"


def _build_attachment(package: bytes) -> dict[str, Any]:
    return {
        "content_type": "application/octet-stream",
        "data": base64.b64encode(package).decode(),
        "length": len(package),
    }
