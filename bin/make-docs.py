"""Generate reference pages from the code: error codes, configuration, parts of the limits, and audited acts.

`make docs` writes them; a test compares them with the generated text.
"""

from __future__ import annotations

import importlib
import os
import pkgutil
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
sys.path.insert(0, str(ROOT / "bin"))

from limits_page import write_limits  # noqa: E402 -- needs the folder above

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

_ERRORS = """# Error codes

Every failure has a stable `code`. The API sends it in a problem document (RFC 9457), the command
line with `--json`, and error pages show it at the end. The kind decides the HTTP status.

| code | status | title | when |
| --- | --- | --- | --- |
"""
_CONFIGURATION = """# Configuration

All settings are environment variables. Without any, a registry runs on one machine with SQLite and
local files. To read a secret from a file (container secrets), set `NAME_FILE` to the path of the file.

| variable | description | default |
| --- | --- | --- |
"""


_ACTS = "| code | meaning | target | severity |\n| --- | --- | --- | --- |\n"


def import_everything() -> None:
    """Import every module, so that every error class is registered."""
    for name in ("plugport", "common", "config", "accounts", "registry", "marketplace"):
        package = importlib.import_module(name)
        for module in pkgutil.walk_packages(package.__path__, f"{name}."):
            if not module.name.endswith("__main__") and ".migrations" not in module.name:
                importlib.import_module(module.name)


def write_errors() -> str:
    """Return the page of error codes."""
    from common.http.status import get_status
    from plugport.spec.errors import list_error_codes

    rows = []
    for code, kind in list_error_codes().items():
        meaning = (kind.__doc__ or "").strip().splitlines()[0].rstrip(".")
        if code != kind.code:
            meaning = f"Former code of `{kind.code}`, to be removed in the next release"
        status = get_status(kind)
        rows.append(f'| <a id="{code}"></a>`{code}` | {status} | {kind.title} | {meaning} |')
    return _ERRORS + "\n".join(rows) + "\n"


def write_configuration() -> str:
    """Return the page of environment variables."""
    from config.env import DECLARED

    rows = [
        f"| `{v.name}` | {v.description} | {f'`{v.default}`' if v.default else ''} |"
        for v in sorted(DECLARED.values(), key=lambda v: v.name)
        if not v.name.endswith("_FILE")
    ]
    return _CONFIGURATION + "\n".join(rows) + "\n"


def write_audit_actions(page: Path) -> str:
    """Return the page about the audit log with the table of all acts."""
    from accounts.audit.catalog import list_actions

    head, line, _ = page.read_text(encoding="utf-8").partition(_ACTS)
    rows = [
        f"| `{each.code}` | {each.title} | {each.target_kind} | {int(each.severity)} |"
        for each in list_actions()
    ]
    return head + line + "\n".join(rows) + "\n"


def build_pages() -> dict[Path, str]:
    """Return the path and content of every generated page."""
    import django

    django.setup()
    import_everything()
    limits, audit = ROOT / "docs" / "limits.md", ROOT / "docs" / "audit.md"
    return {
        limits: write_limits(limits),
        audit: write_audit_actions(audit),
        ROOT / "docs" / "errors.md": write_errors(),
        ROOT / "docs" / "configuration.md": write_configuration(),
    }


def main() -> int:
    """Write the pages, or with `--check` print those that are out of date."""
    is_check = "--check" in sys.argv
    stale = {p: text for p, text in build_pages().items() if not _is_current(p, text)}
    for path, text in stale.items():
        if not is_check:
            path.write_text(text, encoding="utf-8")
        print(f"{path.relative_to(ROOT)} {'is out of date: make docs' if is_check else 'written'}")
    return int(bool(stale) and is_check)


def _is_current(path: Path, text: str) -> bool:
    return path.exists() and path.read_text(encoding="utf-8") == text


if __name__ == "__main__":
    # The defaults on the page are those of an empty environment, not of this shell.
    if os.environ.get("PLUGPORT_ENV") != "test":
        os.environ["PLUGPORT_DATA_DIR"] = tempfile.mkdtemp(prefix="plugport-docs-")
    sys.exit(main())
