"""The vocabulary of the generated catalog. Earlier words of each list are used more often."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def _split(text: str) -> tuple[str, ...]:
    return tuple(text.split())


SUBJECTS = _split(
    "mail chat ticket calendar invoice webhook queue search cache metric trace log alert report "
    "image video audio map weather news price stock order basket payment refund tax ledger budget "
    "contract lease wiki note draft review commit branch build deploy release rollback secret key "
    "token session role quota policy audit consent profile avatar team roster shift badge door "
    "sensor camera lamp heater pump valve meter battery charger vehicle parcel pallet shelf crate "
    "recipe menu table booking room flight train ferry ticketing survey poll quiz course lesson "
    "exam grade library loan archive scan label barcode printer plotter spreadsheet slide form "
    "signature stamp letter fax phone voicemail caption subtitle transcript summary glossary "
    "sentiment topic keyword embedding vector graph schema migration snapshot backup replica shard"
)
ROLES = _split(
    "bridge tools sync store watcher guard export import agent helper memory search router parser "
    "checker cleaner counter digest planner mapper proxy relay monitor widget chart board kit hub "
    "loader merger linter tester scheduler notifier translator converter formatter"
)
QUALIFIERS = _split(
    "simple fast smart tiny open easy quick safe live bulk auto daily local shared strict quiet "
    "plain lean deep wide bright early fresh solid steady clear sharp prime modern classic portable "
    "secure private public remote nested batched cached typed signed pinned"
)
AUTHOR_NAMES = _split(
    "harbour lantern meadow granite willow copper juniper falcon otter heron maple cedar amber "
    "cobalt indigo saffron ember tundra delta summit canyon prairie lagoon fjord isle beacon anchor "
    "compass rudder mast keel barge sextant quarry kiln loom forge mill orchard vineyard"
)
AUTHOR_SUFFIXES = _split("labs works studio systems tools soft data guild craft group")
CATEGORIES = _split(
    "integration communication development operations data security observability storage "
    "documentation memory authentication text finance media devices education"
)
LICENSES = {
    "MIT": 52,
    "Apache-2.0": 24,
    "BSD-3-Clause": 6,
    "ISC": 5,
    "MPL-2.0": 4,
    "GPL-3.0-only": 3,
    "AGPL-3.0-only": 2,
    "LGPL-3.0-or-later": 2,
    "BSD-2-Clause": 1,
    "Unlicense": 1,
}
TRUSTS = {"community": 80, "experimental": 12, "verified": 6, "untrusted": 2}
VERBS = _split("keeps finds sends checks counts moves shows joins reads sorts guards watches")
ENDINGS = (
    "where your team already works",
    "without a server of its own",
    "and says what it did",
    "before anybody has to ask",
    "in one place",
    "as it happens",
    "on a schedule that you set",
    "with retries and a log",
)

# Each kind with its frequency and its required fields.
KINDS: Mapping[str, tuple[int, Mapping[str, Any]]] = {
    "toolset": (30, {}),
    "service": (20, {}),
    "bridge": (14, {"provides": ["bidirectional"]}),
    "tool": (8, {"entrypoint": {"type": "python", "target": "main.py"}}),
    "hook": (6, {"hooks": ["onMessage"]}),
    "storage": (5, {"implements": "StorageAdapter", "features": ["messages"]}),
    "memory": (4, {"implements": "MemoryAdapter", "features": ["semantic_search"]}),
    "widget": (4, {"displays": [{"type": "metric", "data": "messages"}]}),
    "container": (3, {"runtime": {"type": "docker", "image": "registry.example.test/image:1"}}),
    "policy": (3, {"implements": "PolicyAdapter", "features": ["roles"]}),
    "validator": (2, {"entrypoint": {"type": "python", "target": "main.py"}}),
    "pipeline": (1, {"entrypoint": {"type": "python", "target": "main.py"}}),
}
