"""Measure the CPU time of hostile READMEs and source files, which the limits of the renderer bound.

And of what web processes render in a thread: a long README and a social card, each with the time in
which it holds the interpreter lock, so that no other thread runs.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable

import django

from bench.report import report
from bench.running import ROOT

_README_CHARS = 199_000
# Text that takes a Markdown parser without limits seconds to minutes (CWE-407).
_README_PIECES = {
    "brackets": "[" * 50 + "a\n",
    "quotes": ">" * 60 + "a\n",
    "quoted lists": "> - " * 15 + "a\n",
    "code": "```ini\n" + ("=" * 390 + "\n") * 25 + "```\n",
    "marks": "&",
    "links": "[a](b)" * 1_200 + "\n\n",
    "images": "![a](https://a.b/c)" * 400 + "\n\n",
}
# No thread is made to give up the lock while it is measured.
_SWITCH_SECONDS = 60.0
# A thread that waits longer waits for the lock.
_MIN_WAIT_SECONDS = 0.0002
_CARD_TEXT = "Reads the issues of a tracker and answers questions, with links to the sources. " * 3
_SOURCE_PIECES = ("=", "a::", "\t", "(", "{", "'", "/*", "<!--")


def _measure(run: Callable[[], object]) -> float:
    started = time.thread_time()
    run()
    return time.thread_time() - started


def _measure_with_lock(run: Callable[[], object]) -> tuple[float, float]:
    """Return the CPU seconds of the function, and those in which it holds the interpreter lock."""
    clock, is_done, free = time.pthread_getcpuclockid(threading.get_ident()), False, 0.0

    def watch() -> None:
        nonlocal free
        last, last_cpu = time.perf_counter(), time.clock_gettime(clock)
        while not is_done:
            # Gives up the lock, and continues when nobody else has it.
            time.sleep(0)
            now, cpu = time.perf_counter(), time.clock_gettime(clock)
            if now - last < _MIN_WAIT_SECONDS:
                free += cpu - last_cpu
            last, last_cpu = now, cpu

    watcher, interval = threading.Thread(target=watch), sys.getswitchinterval()
    sys.setswitchinterval(_SWITCH_SECONDS)
    try:
        watcher.start()
        seconds = _measure(run)
    finally:
        is_done = True
        sys.setswitchinterval(interval)
        watcher.join()
    return seconds, max(0.0, seconds - free)


def _report_thread(name: str, run: Callable[[], object]) -> None:
    """Print the time of work that other requests of the process wait for."""
    # Fonts and tables are loaded once.
    run()
    seconds, locked = _measure_with_lock(run)
    report(f"{name}: CPU time", seconds * 1000, "ms")
    report(f"{name}: with the interpreter lock", locked * 1000, "ms")


def _measure_threads() -> None:
    from django.core.cache import caches

    from marketplace.readme import LinkBase, render_readme
    from marketplace.syndication.social_cards import Card, render_card

    prose = (ROOT / "docs" / "ARCHITECTURE.md").read_text(encoding="utf-8")
    text = (prose * (_README_CHARS // len(prose) + 1))[:_README_CHARS]
    card = Card("@acme/chat", _CARD_TEXT, version="1.2.3", trust="Community", tone="community")

    def render_anew() -> None:
        caches["readmes"].clear()
        render_readme(text, link_base=LinkBase())

    _report_thread(f"README of {_README_CHARS:,} characters", render_anew)
    _report_thread("social card", lambda: render_card(card))


def _measure_readme(piece: str) -> float:
    from marketplace.readme import LinkBase, render_readme

    text = (piece * (_README_CHARS // len(piece) + 1))[:_README_CHARS]
    return _measure(lambda: render_readme(text, link_base=LinkBase()))


def _measure_source(piece: str, language: str) -> float:
    from marketplace import syntax_highlighting

    width = syntax_highlighting.MAX_LINE_CHARS
    line = (piece * width)[: width - 1] + "\n"
    text = line * (syntax_highlighting.MAX_CHARS // width)
    return _measure(lambda: syntax_highlighting.TimeBudget(0.5).tokenize(text, language))


def main() -> None:
    """Print the worst time of each group."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    from marketplace import syntax_highlighting

    _measure_threads()
    readmes = {name: _measure_readme(piece) for name, piece in _README_PIECES.items()}
    name = max(readmes, key=readmes.__getitem__)
    report(f"worst hostile README ({name})", readmes[name], "s", maximum=1)
    sources = {
        (language, piece): _measure_source(piece, language)
        for language in sorted(syntax_highlighting.LANGUAGES)
        for piece in _SOURCE_PIECES
    }
    language, piece = max(sources, key=sources.__getitem__)
    worst = sources[language, piece]
    report(f"worst hostile source file ({language}, {piece!r})", worst, "s", maximum=1)


if __name__ == "__main__":
    main()
