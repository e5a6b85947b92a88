"""The generated end of docs/limits.md: deadlines of the command line, and limits of stored texts."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

_START = "\n## Deadlines of the command line\n"
_DEADLINES = """
No command waits for a server forever. When the time is over, it ends with the error in the table and exit code 8.

| step | at most | error |
| --- | --- | --- |
"""
_COLUMNS = """
## Stored texts

Every column of the database that holds text has a limit. It is the same on SQLite and PostgreSQL. Longer text is refused
or cut as the table says. If a text still exceeds the limit of its column, nothing is stored, and the request gets 400
`stored-text-too-large`. JSON is measured in UTF-8 and without spaces.

| column | at most | longer text |
| --- | --- | --- |
"""
_SHORT = """
These columns are short. The numbers are characters.

| table | columns |
| --- | --- |
"""


def write_limits(page: Path) -> str:
    """Return the page with its generated sections."""
    head = page.read_text(encoding="utf-8").partition(_START)[0]
    return head + _START + _list_deadlines() + _list_columns()


def _list_deadlines() -> str:
    from plugport.client.connections import HEADER_SECONDS
    from plugport.client.http import TIMEOUTS
    from plugport.client.responses import RESPONSE_SECONDS
    from plugport.installer.downloader import LOWEST_BYTES_PER_SECOND, START_SECONDS
    from plugport.installer.file_lock import WAIT_SECONDS
    from plugport.spec.sizes import format_size

    rate = format_size(LOWEST_BYTES_PER_SECOND)
    rows = (
        ("connecting to an address", f"{TIMEOUTS.connect:g} s", "`registry-unreachable`"),
        ("one read or one write", f"{TIMEOUTS.read:g} s", "`registry-unreachable`"),
        ("all headers of a response", f"{HEADER_SECONDS:g} s", "`registry-unreachable`"),
        ("the body of a response", f"{RESPONSE_SECONDS:g} s", "`transfer-cut`"),
        (
            "the download of a package",
            f"{START_SECONDS:g} s, and the time that its size takes at {rate}/s",
            "`transfer-cut`; the next run resumes the download",
        ),
        ("another Plugport process in the project", f"{WAIT_SECONDS:g} s", "`install-busy`"),
    )
    return _DEADLINES + "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _list_columns() -> str:
    from django.apps import apps

    from common.bounded_fields import BoundedField
    from plugport.spec.sizes import format_size

    rows = [
        ("sessions.Session.session_data", *_get_session_limit()),
        ("admin.LogEntry.change_message", *_get_log_limit()),
        ("socialaccount.SocialAccount.extra_data", *_get_profile_limit()),
        ("mfa.Authenticator.data", *_get_factor_limit()),
    ]
    short = defaultdict(list)
    for model in apps.get_models():
        for field in model._meta.concrete_fields:  # noqa: SLF001 -- Django documents `_meta`
            if not isinstance(field, BoundedField) or field.bound is None:
                continue
            if field.excess:
                rows.append((str(field), field.bound, field.excess))
            else:
                table = model._meta.label  # noqa: SLF001 -- Django documents `_meta`
                short[table].append(f"`{field.name}` {field.bound:,}")
    columns = "".join(
        f"| `{name}` | {format_size(bound)} | {excess} |\n" for name, bound, excess in sorted(rows)
    )
    others = "".join(f"| `{name}` | {', '.join(short[name])} |\n" for name in sorted(short))
    return _COLUMNS + columns + _SHORT + others


def _get_session_limit() -> tuple[int, str]:
    from accounts.security.sessions import MAX_SESSION_BYTES

    return MAX_SESSION_BYTES, "400 `stored-text-too-large`"


def _get_log_limit() -> tuple[int, str]:
    from accounts.admin.users import MAX_LOG_MESSAGE_BYTES

    return MAX_LOG_MESSAGE_BYTES, "400 `stored-text-too-large`"


def _get_profile_limit() -> tuple[int, str]:
    from accounts.sso.other_websites import MAX_PROFILE_BYTES

    return MAX_PROFILE_BYTES, "400 `stored-text-too-large`"


def _get_factor_limit() -> tuple[int, str]:
    from accounts.security.factors import MAX_FACTOR_BYTES

    return MAX_FACTOR_BYTES, "answers above 16,384 characters are refused: 400 `invalid-factor`"
