"""Keys by which shared caches find what they store of a plugin or a release, to delete it.

Fastly and Varnish read `Surrogate-Key`, which separates keys by spaces; Cloudflare and others read
`Cache-Tag`, which separates them by commas. A key has only characters that no URL has to escape.
"""

from __future__ import annotations

# Names have neither `~` nor `_`, and versions have no `~`, so different releases have different keys.
_SEPARATOR = "~"
SURROGATE_HEADERS = ("Surrogate-Key", "Cache-Tag")


def build_plugin_key(name: str) -> str:
    """`plugin-ada~chat` for `@ada/chat`."""
    return f"plugin-{_join_name(name)}"


def build_release_key(name: str, version: str) -> str:
    """`release-ada~chat~1.0.0` for `@ada/chat` 1.0.0. A `+` of the version becomes `_`."""
    return f"release-{_join_name(name)}{_SEPARATOR}{version.replace('+', '_')}"


def build_surrogate_headers(name: str, version: str) -> dict[str, str]:
    """The headers of a response with bytes of that release."""
    keys = (build_plugin_key(name), build_release_key(name, version))
    return dict(zip(SURROGATE_HEADERS, (" ".join(keys), ",".join(keys)), strict=True))


def _join_name(name: str) -> str:
    return name.removeprefix("@").replace("/", _SEPARATOR)
