"""Compare this registry with verdaccio, nginx and bare ASGI applications: `python -m bench.peers`.

All servers run at once on the same cores, and wrk requests them in turn, so that a ratio is of the
same seconds. Missing programs are installed. A figure that cannot be measured is reported with the
reason, and the exit code is 1 unless `--allow-missing` is given.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import subprocess
import sys

from bench.load import ACCEPTED, Connection
from bench.peers.comparison import (
    BARE,
    BARE_ASYNCIO,
    NGINX,
    OURS,
    VERDACCIO,
    Comparison,
    build_api_path,
    compare_metadata,
    compare_names,
    compare_packages,
    compare_packages_behind_nginx,
    fill_caches,
    measure_cold_pages,
    measure_memory,
    measure_pages,
)
from bench.peers.generators import Generator, Target, fetch
from bench.peers.installation import Peers, install_peers
from bench.peers.nginx import configure_registry, run_nginx
from bench.peers.servers import PeerError, publish_npm_package, run_bare, run_verdaccio
from bench.publish import build_package, publish_many, wait_until_published
from bench.reads import wait_for_search
from bench.report import report, report_unmeasured
from bench.running import (
    ROOT,
    Registry,
    build_parser,
    build_variables,
    create_registry,
    list_databases,
)

_PACKAGE_BYTES = 20_000
_PACKAGE_NAME = "@bench/package"
_LIST_NAMES_CODE = (
    "from registry.models import Plugin;"
    "print(*Plugin.objects.order_by('-downloads', 'name').values_list('name', flat=True), sep='\\n')"
)


def publish_plugin(registry: Registry, package: bytes) -> str:
    """Publish the package to this registry; return the path of its download."""
    token = registry.create_token("bench")
    connection = Connection(registry.url, {"Authorization": f"Bearer {token}"})
    status, body = connection.post_package("/api/v1/plugins", [package], len(package))
    if status not in ACCEPTED:
        raise SystemExit(f"{status}: {body.decode()}")
    path = json.loads(body)["statusUrl"].removeprefix(registry.url)
    wait_until_published(registry.url, token, [path])
    return f"{build_api_path(_PACKAGE_NAME)}/1.0.0/download"


def run(registry: Registry, peers: Peers, load: Generator, options: argparse.Namespace) -> int:
    """Start all servers and measure; return the number of missing figures."""
    names = registry.manage("shell", "--no-imports", "--command", _LIST_NAMES_CODE).split()
    registry.start()
    wait_for_search(registry)
    bench = Comparison(load, registry, {OURS: registry.url}, dict(peers.reasons))
    package = build_package(_PACKAGE_NAME, "1.0.0", _PACKAGE_BYTES)
    own_path = publish_plugin(registry, package)
    measure_cold_pages(bench, names, options.cold_pages)
    body = fetch(Target(registry.url, [build_api_path(names[0])]))[1]
    with contextlib.ExitStack() as stack:
        npm_path = start_peers(bench, stack, peers, names, body, package)
        compare_metadata(bench, names[0])
        compare_packages(bench, own_path, npm_path)
        measure_pages(bench, names[0])
        fill_caches(bench, names, options.fill_seconds)
        compare_names(bench, names)
        measure_memory(bench, len(names))
        measure_behind_nginx(bench, peers, own_path, npm_path)
    return bench.unmeasured


def start_peers(
    bench: Comparison,
    stack: contextlib.ExitStack,
    peers: Peers,
    names: list[str],
    body: bytes,
    package: bytes,
) -> str:
    """Start the servers until `stack` ends; return the path of the package at verdaccio."""
    folder = bench.registry.folder / "peers"
    folder.mkdir()
    for name, loop in {BARE: "uvloop", BARE_ASYNCIO: "asyncio"}.items():
        try:
            context = run_bare(folder, body=body, package=package, loop=loop)
            bench.urls[name] = stack.enter_context(context)
        except PeerError as error:
            bench.reasons[name] = str(error)
    if not peers.verdaccio:
        return "/"
    try:
        url = stack.enter_context(run_verdaccio(peers.verdaccio, folder, names))
        path = publish_npm_package(url, _PACKAGE_NAME, package, readme="# Package\n")
    except PeerError as error:
        bench.reasons[VERDACCIO] = str(error)
        return "/"
    bench.urls[VERDACCIO] = url
    report(f"verdaccio holds ({bench.registry.database})", len(names), "packages")
    return path


def measure_behind_nginx(bench: Comparison, peers: Peers, own_path: str, npm_path: str) -> None:
    """Compare a package behind nginx: as the registry sends it, then as nginx sends the file.

    Each starts the registry again, on a Unix socket.
    """
    for sender in ("proxied", "X-Accel-Redirect"):
        with contextlib.ExitStack() as stack:
            try:
                url = start_nginx(bench.registry, stack, peers, has_x_accel=sender != "proxied")
                bench.urls[NGINX] = url
            except PeerError as error:
                bench.reasons[NGINX] = str(error)
            compare_packages_behind_nginx(bench, sender, own_path, npm_path)
        bench.urls.pop(NGINX, None)


def start_nginx(
    registry: Registry, stack: contextlib.ExitStack, peers: Peers, *, has_x_accel: bool
) -> str:
    """Run nginx until `stack` ends; return its URL. Raises `PeerError`."""
    if peers.nginx is None:
        raise PeerError(peers.reasons["nginx"])
    registry.stop()
    try:
        configure_registry(registry, has_x_accel=has_x_accel)
    finally:
        registry.start()
    return stack.enter_context(run_nginx(peers.nginx, registry.folder / "peers", registry))


def measure_requests(options: argparse.Namespace) -> int:
    """Compare a filled registry on each database with its peers; return the number of missing figures."""
    peers = install_peers()
    if peers.wrk is None:
        report_unmeasured("all comparisons, which need wrk", peers.reasons["wrk"])
        return 1
    load = Generator(peers.wrk, peers.h2load, options.seconds, options.rounds)
    databases = list_databases(options.database)
    unmeasured = _count_databases(options) - len(databases)
    for database in databases:
        with create_registry(database, **build_variables(options)) as registry:
            registry.manage("make_catalogue", str(options.plugins))
            unmeasured += run(registry, peers, load, options)
    return unmeasured


def measure_publishing(options: argparse.Namespace) -> int:
    """Measure publishing on each database; return the number of databases that do not respond."""
    databases = list_databases(options.database)
    for database in databases:
        with create_registry(database, **build_variables(options)) as registry:
            registry.start()
            publish_many(registry, each=options.each)
    return _count_databases(options) - len(databases)


def _count_databases(options: argparse.Namespace) -> int:
    return 2 if options.database == "both" else 1


def measure_command_line(_options: argparse.Namespace) -> int:
    """Run the benchmark of the command line, in its own process because it changes its environment."""
    subprocess.run([sys.executable, "-m", "bench.cli"], cwd=ROOT, check=True)
    return 0


PARTS = {"requests": measure_requests, "publish": measure_publishing, "cli": measure_command_line}


def main() -> None:
    parser = build_parser(__doc__, has_redis=True)
    parser.add_argument("--plugins", type=int, default=100_000)
    parser.add_argument("--seconds", type=int, default=3, help="for each target and round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--cold-pages", type=int, default=200)
    parser.add_argument("--fill-seconds", type=int, default=60, help="each of two fills")
    parser.add_argument("--each", type=int, default=30, help="packages that a client publishes")
    parser.add_argument("--only", choices=list(PARTS))
    parser.add_argument("--allow-missing", action="store_true", help="exit with 0 all the same")
    options = parser.parse_args()
    parts = [options.only] if options.only else list(PARTS)
    unmeasured = sum(PARTS[part](options) for part in parts)
    if unmeasured and not options.allow_missing:
        raise SystemExit(f"not measured: {unmeasured}")


if __name__ == "__main__":
    main()
