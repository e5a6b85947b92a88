"""Measure the download of a package of 50 MB on this machine."""

from __future__ import annotations

import json
import time

from bench.load import ACCEPTED, Connection
from bench.publish import MB, build_package, wait_until_published
from bench.report import report
from bench.running import build_parser, create_registry, list_databases

_PACKAGE_BYTES = 50 * MB
_REPEATS = 8


def main() -> None:
    parser = build_parser(__doc__)
    options = parser.parse_args()
    for database in list_databases(options.database):
        with create_registry(database) as registry:
            registry.start()
            token = registry.create_token("bench")
            connection = Connection(registry.url, {"Authorization": f"Bearer {token}"})
            package = build_package("@bench/large", "1.0.0", _PACKAGE_BYTES)
            status, body = connection.post_package("/api/v1/plugins", [package], len(package))
            if status not in ACCEPTED:
                raise SystemExit(f"{status}: {body.decode()}")
            path = json.loads(body)["statusUrl"].removeprefix(registry.url)
            wait_until_published(registry.url, token, [path])
            rates = []
            for _ in range(_REPEATS):
                started = time.perf_counter()
                status, length = connection.get("/api/v1/plugins/@bench/large/1.0.0/download")
                if (status, length) != (200, len(package)):
                    raise SystemExit(f"{status}, {length} bytes")
                rates.append(length / MB / (time.perf_counter() - started))
            mark = f"{database}, {len(package) / MB:.0f} MB, one connection"
            report(f"download: median ({mark})", sorted(rates)[_REPEATS // 2], "MB/s", minimum=400)
            report(f"download: best ({mark})", max(rates), "MB/s")


if __name__ == "__main__":
    main()
