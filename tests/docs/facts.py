"""Numbers in documents that `test_numbers.py` cannot compare with the source."""

from __future__ import annotations

from plugport.cli import exit_codes

# Numbers that are no constants of the source; the tests in the comments prove some of them.
FACTS = {
    "CHANGELOG.md": [
        "work for 180 more days after the update",  # a migration of accounts
        "a package of 410 bytes could become a release of 250 MB",
        "is below 150 kB",
        "1,000,000 bytes, 5 % less",
        "instead of 45 seconds",
        "answers within two seconds",
    ],
    "docs/operations.md": [
        "an IPv6 network of 64 bits",  # test_download_counts.py
        "about 20 seconds for 100,000 plugins",  # bench/search.py
        "a response slowly costs up to 1 MB",  # bench/slow_clients.py
        # The default of Linux, 4 MiB.
        "4.2 MB for each connection by default",
        "set the number to 1 MB on the machine",
        "with 1 MB and 100 ms, about 10 MB a second",
    ],
    "docs/limits.md": [
        "powers of two: 268.4 MB is 256 MiB",
        # test_email.py
        "one a minute and five an hour for each account, ten an hour for each address",
    ],
    "docs/search.md": [
        "is found within two seconds",  # bench/search.py
        "so that the order of two plugins stays",
        "Of two plugins with equal numbers",
        "With 100,000 plugins this takes",  # bench/search.py
        "words that stay for two seconds",  # static/js/search.js
        "a generated catalog of 100,000 plugins",  # bench/search.py
    ],
    "docs/ARCHITECTURE.md": [
        "of this machine after two seconds or more",  # test_kills.py
        "Our own counters** for rate limits without Redis (`common/counters/windows.py`): a mapped file",
        "packages of 20 kB on 16 connections reach 0.76 to 1.22 times",  # bench/peers
        "Social cards* take 50 ms,",  # bench/rendering.py
        "nearly all their time, 0.2 s for a long one",  # bench/rendering.py
    ],
    "docs/cli.md": [f"| {code} |" for code in exit_codes.MEANINGS],  # test_docs.py of the client
    "docs/API-DESIGN.md": ["| 202 |", "| 201 |", "| 200 |"],  # test_publish.py of the API
    "docs/guides/ci.md": [
        "| 0 |",
        "| 3 |",
        "| 4 |",
        "| 6 |",
        "| 8 |",
    ],  # test_publish.py of the client
    "docs/guides/publish.md": ["| 0 |", "| 3 |", "| 8 |"],  # test_publish.py of the client
    "docs/guides/badges.md": [
        "in the last seven days",  # test_downloads.py
        "of about 1 kB",
    ],
    "docs/guides/readme.md": ["between two lines `---`"],
    "docs/guides/judge.md": [
        "count the last seven days",  # test_downloads.py
        "collapsed after four lines",  # static/css/plugin.css
    ],
}
