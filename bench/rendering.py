"""Measure the CPU time of hostile READMEs and source files, which the limits of the renderer bound."""

from __future__ import annotations

import os
import time
from collections.abc import Callable

import django

from bench.report import report

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
_SOURCE_PIECES = ("=", "a::", "\t", "(", "{", "'", "/*", "<!--")


def _measure(run: Callable[[], object]) -> float:
    started = time.thread_time()
    run()
    return time.thread_time() - started


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
