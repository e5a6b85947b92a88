"""Show the front matter of a README, a block of YAML at its start, as a table."""

from __future__ import annotations

import json
import re
from html import escape

from plugport.spec.errors import PlugportError
from plugport.spec.manifest.document import DocumentLimits
from plugport.spec.manifest.model import JsonValue
from plugport.spec.manifest.yaml_parser import parse_yaml

MAX_CHARS = 10_000
# Deeper values are shown as JSON.
_MAX_DEPTH = 3
_LIMITS = DocumentLimits(document_bytes=4 * MAX_CHARS, depth=20, nodes=2_000)
_START = re.compile(r"\ufeff?---[ \t]*\r?\n")
_END = re.compile(r"^(?:---|\.\.\.)[ \t]*(?:\r?\n|\Z)", re.MULTILINE)
_KEY = re.compile(r"[\w.-]+[ \t]*:(?:\s|\Z)")


def render_front_matter(text: str) -> tuple[str, str]:
    """The front matter as HTML, and the text after it; ("", text) if there is none.

    A block that starts with a key but is not valid YAML is shown as code, because as Markdown it
    would be a heading.
    """
    start = _START.match(text)
    end = _END.search(text, start.end(), start.end() + MAX_CHARS) if start else None
    if start is None or end is None:
        return "", text
    block, rest = text[start.end() : end.start()], text[end.end() :]
    try:
        fields = parse_yaml(block.encode(), "README.md", _LIMITS).root
    except PlugportError:
        is_front_matter = _KEY.match(block.lstrip())
        return (
            (f"<pre><code>{escape(block)}</code></pre>\n", rest) if is_front_matter else ("", text)
        )
    return _render_value(fields, _MAX_DEPTH) if fields else "", rest


def _render_value(value: JsonValue, depth: int) -> str:
    if value is None or isinstance(value, str):
        return escape(value or "")
    if isinstance(value, dict) and depth and value:
        rows = (
            f"<tr><th>{escape(name)}</th><td>{_render_value(item, depth - 1)}</td></tr>"
            for name, item in value.items()
        )
        return f"<table><tbody>{''.join(rows)}</tbody></table>\n"
    if isinstance(value, list) and not any(isinstance(item, dict | list) for item in value):
        return ", ".join(_render_value(item, depth) for item in value)
    return f"<code>{escape(json.dumps(value, ensure_ascii=False))}</code>"
