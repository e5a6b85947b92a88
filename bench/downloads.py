"""How fast a package of 50 MB is downloaded on this machine."""

from __future__ import annotations

import json
import time

from bench.load import Connection
from bench.publish import MB, make_package, wait_until_published
from bench.report import report
from bench.running import find_databases, make_registry, read_arguments

_SIZE = 50 * MB
_TIMES = 8


def main() -> None:
    parser = read_arguments(__doc__)
    options = parser.parse_args()
    for database in find_databases(options.database):
        with make_registry(database) as registry:
            registry.start()
            token = registry.make_token("bench")
            connection = Connection(registry.url, {"Authorization": f"Bearer {token}"})
            package = make_package("@bench/large", "1.0.0", _SIZE)
            status, body = connection.post_package("/api/v1/plugins", [package], len(package))
            if status != 202:
                raise SystemExit(f"{status}: {body.decode()}")
            path = json.loads(body)["statusUrl"].removeprefix(registry.url)
            wait_until_published(registry.url, token, [path])
            rates = []
            for _ in range(_TIMES):
                started = time.perf_counter()
                status, length = connection.get("/api/v1/plugins/@bench/large/1.0.0/download")
                if (status, length) != (200, len(package)):
                    raise SystemExit(f"{status}, {length} bytes")
                rates.append(length / MB / (time.perf_counter() - started))
            mark = f"{database}, {len(package) / MB:.0f} MB, one connection"
            report(f"download: median ({mark})", sorted(rates)[_TIMES // 2], "MB/s", least=400)
            report(f"download: best ({mark})", max(rates), "MB/s")


if __name__ == "__main__":
    main()
