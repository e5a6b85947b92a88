"""Run nginx with the configuration of `deploy/` in front of the registry.

Both are on one machine, so they use a Unix socket. There is no TLS, which no other server of the
comparison has. All else is as in production: the limits, and a log of all requests, which no other
server writes.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator
from pathlib import Path

from bench.peers.servers import PeerError, find_port, run_server
from bench.running import ROOT, Registry

_CONFIG = ROOT / "deploy/nginx.conf"
# The location from which nginx sends packages.
_LOCATION = re.compile(r"^ *location (/\S+/) \{\n *internal;$", re.MULTILINE)


def configure_registry(registry: Registry, *, has_x_accel: bool) -> None:
    """Set what the registry needs behind nginx, from its next start. Raises `PeerError`."""
    registry.uds = registry.folder / "gateway.sock"
    registry.environment["PLUGPORT_TRUSTED_PROXIES"] = "1"
    if has_x_accel:
        location = _LOCATION.search(_CONFIG.read_text())
        if not location:
            raise PeerError("deploy/nginx.conf has no internal location")
        registry.environment["PLUGPORT_X_ACCEL_PREFIX"] = location[1]


@contextlib.contextmanager
def run_nginx(program: Path, folder: Path, registry: Registry) -> Iterator[str]:
    """Run nginx until the end of the block; yields the URL. Raises `PeerError`."""
    url = f"http://127.0.0.1:{(port := find_port())}"
    config = folder / "nginx.conf"
    config.write_text(_build_config(folder, registry, port))
    command = [str(program), "-c", str(config), "-p", str(folder), "-e", str(folder / "nginx.log")]
    with run_server(command, folder / "nginx.out", url, {}):
        yield url


def _build_config(folder: Path, registry: Registry, port: int) -> str:
    """Return `deploy/nginx.conf` with the addresses and folders of the benchmark.

    Raises `PeerError` if the file no longer has what is replaced.
    """
    text = _CONFIG.read_text()
    for pattern, replacement in (
        (r"(?m)^server \{\n  listen 80;\n(?:.*\n)*?\}\n", ""),
        (r"server web:8000;", f"server unix:{registry.uds};"),
        (r"listen 443 ssl http2;", f"listen 127.0.0.1:{port};"),
        (r"(?m)^ *ssl_\w+ .*;\n", ""),
        (r"access_log \S+ plugport;", f"access_log {folder / 'access.log'} plugport;"),
        (r"alias \S+/packages/;", f"alias {registry.folder / 'packages'}/;"),
        (r"proxy_set_header Host \$host;", "proxy_set_header Host $http_host;"),
        (r"proxy_set_header X-Forwarded-Proto \$scheme;", ""),
    ):
        text = _replace(text, pattern, replacement)
    # Only the account of the registry can read the packages.
    user = "user root;" if os.geteuid() == 0 else ""
    paths = "".join(
        f"{name}_temp_path {folder / f'nginx-{name}'};"
        for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    return (
        f"daemon off; {user} worker_processes 2; pid {folder / 'nginx.pid'};\n"
        f"events {{ worker_connections 1024; }}\n"
        f"http {{\n{paths}\n{text}}}\n"
    )


def _replace(text: str, pattern: str, replacement: str) -> str:
    text, count = re.subn(pattern, replacement, text)
    if not count:
        raise PeerError(f"deploy/nginx.conf has no {pattern}")
    return text
