"""The response of the diff as bytes. Without Django, see `registry.representations.diffs`."""

from __future__ import annotations

from common.api.compressed import CompressedBody, compress_body
from common.api.json_encoding import dump_json
from registry.representations.diffs import ComparedRelease, build_diff_document


def render_diff(
    before: ComparedRelease | None, after: ComparedRelease, name: str
) -> CompressedBody:
    """Return the JSON of what changed from `before` to `after` of the plugin `name`."""
    return compress_body(dump_json(build_diff_document(name, before, after)))
