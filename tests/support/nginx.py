"""A real nginx with the configuration of `deploy/`, in front of a registry or of nothing."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.support.certificates import write_certificate
from tests.support.data import ROOT
from tests.support.server import END_SECONDS, START_SECONDS, find_free_port, wait_until

CONFIG = ROOT / "deploy/nginx.conf"
_TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


@dataclass(frozen=True, slots=True)
class Nginx:
    """A running nginx. `authority` is the file of the certificate, for clients."""

    folder: Path
    port: int
    plain_port: int
    authority: str

    @property
    def url(self) -> str:
        """The address over HTTPS."""
        return f"https://127.0.0.1:{self.port}"

    @property
    def plain_url(self) -> str:
        """The address over HTTP."""
        return f"http://127.0.0.1:{self.plain_port}"

    @property
    def access_log(self) -> str:
        """A line for each request that has ended."""
        return (self.folder / "access.log").read_text()

    @property
    def error_log(self) -> str:
        """The errors of the start and of requests."""
        return (self.folder / "error.log").read_text()


def find_nginx() -> str | None:
    """Return the path of the program, which Debian installs where only root looks."""
    return shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")


@contextlib.contextmanager
def run_nginx(
    program: str,
    folder: Path,
    *,
    port: int,
    upstream_port: int,
    packages: Path,
    read_seconds: int = 90,
) -> Iterator[Nginx]:
    """Run nginx until the end of the block. Fails the test if it does not start.

    `read_seconds` is the time in which the registry must respond.
    """
    certificate, key = write_certificate(folder, "nginx")
    nginx = Nginx(folder, port, find_free_port(), certificate)
    replaced = {
        "server web:8000;": f"server 127.0.0.1:{upstream_port};",
        "listen 80;": f"listen 127.0.0.1:{nginx.plain_port};",
        "listen 443 ssl http2;": f"listen 127.0.0.1:{port} ssl http2;",
        "ssl_certificate /etc/nginx/tls/tls.crt;": f"ssl_certificate {certificate};",
        "ssl_certificate_key /etc/nginx/tls/tls.key;": f"ssl_certificate_key {key};",
        "access_log /var/log/nginx/access.log plugport;": f"access_log {folder}/access.log plugport;",
        "alias /srv/plugport/packages/;": f"alias {packages}/;",
        "proxy_read_timeout 90s;": f"proxy_read_timeout {read_seconds}s;",
        # Tests keep requests open, also on a slow machine.
        "client_body_timeout 15s;": f"client_body_timeout {START_SECONDS}s;",
    }
    config = folder / "nginx.conf"
    config.write_text(_build_main_config(folder, _replace(CONFIG.read_text(), replaced)))
    command = [program, "-c", str(config), "-p", str(folder), "-e", str(folder / "error.log")]
    with (folder / "output.log").open("wb") as output:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        wait_until(lambda: _is_listening(process, nginx), seconds=START_SECONDS)
        yield nginx
    finally:
        process.terminate()
        try:
            process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _is_listening(process: subprocess.Popen[bytes], nginx: Nginx) -> bool:
    if process.poll() is not None:
        pytest.fail(f"nginx did not start:\n{(nginx.folder / 'output.log').read_text()}")
    with contextlib.suppress(httpx.TransportError):
        return httpx.get(nginx.plain_url, timeout=5).status_code == 301
    return False


def _replace(text: str, replaced: dict[str, str]) -> str:
    for old, new in replaced.items():
        assert re.search(rf"(?<!\S){re.escape(old)}", text), f"{CONFIG} has no {old!r}"
        text = text.replace(old, new)
    return text


def _build_main_config(folder: Path, text: str) -> str:
    """Return a main configuration like that of Debian, with all files in the folder."""
    # Only the account of the registry, which is that of the tests, can read the packages.
    user = "user root;" if os.geteuid() == 0 else ""
    temporary = "".join(f"  {name}_temp_path {folder}/{name};\n" for name in _TEMPORARY)
    return (
        f"daemon off;\n{user}\nworker_processes 2;\npid {folder}/nginx.pid;\n"
        "events { worker_connections 768; }\n"
        f"http {{\n{temporary}  sendfile on;\n  tcp_nopush on;\n  gzip on;\n{text}}}\n"
    )
