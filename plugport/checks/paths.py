"""Normalize paths in manifests to the form of the file list of a package."""

from __future__ import annotations

from plugport.spec.text import has_nul


def normalize_path(written: str) -> str | None:
    """Normalize `./dist//x.js` to `dist/x.js`. Returns None for a path outside the package.

    Manifests are untrusted: absolute paths, drive letters, and `..` or backslashes that leave the
    package (CWE-22) return None. Never raises.
    """
    text = written.strip().replace("\\", "/")
    if text.startswith("/") or has_nul(text) or text[1:2] == ":":
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
