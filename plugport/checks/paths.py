"""Paths as manifests write them, brought to the form in which a package lists its files."""

from __future__ import annotations


def clean_path(written: str) -> str | None:
    """`./dist//x.js` as `dist/x.js`; None for a path that leaves the package.

    Manifests are text from strangers: absolute paths, drive letters, `..` and backslashes that
    could climb out give None, never an exception.
    """
    text = written.strip().replace("\\", "/")
    if text.startswith("/") or "\0" in text or text[1:2] == ":":
        return None
    parts: list[str] = []
    for part in text.split("/"):
        if part in {"", "."}:
            continue
        if part == "..":
            if not parts:
                return None
            parts.pop()
        else:
            parts.append(part)
    return "/".join(parts)
