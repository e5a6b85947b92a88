"""An entry of the audit log in the formats of other programs: JSON, CEF and syslog.

CEF is version 0 of ArcSight's Common Event Format. It and JSON have one line for each entry.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
from collections.abc import Iterator

from accounts.audit.catalog import Severity, find_action
from accounts.models import AuditEntry
from common.api.json_encoding import dump_json
from common.times import format_time
from plugport import __version__
from plugport.spec.api.accounts import AuditEvent

# Of the extensions of CEF. The limits of longer ones are in its dictionary.
_MAX_CEF_CHARS = {"suser": 1023, "duser": 1023, "requestClientApplication": 1023}
_MAX_CUSTOM_CHARS = 4000
# Facility 13 is "log audit" (RFC 5424, section 6.2.1).
_FACILITY = 13
_SYSLOG_SEVERITY = {Severity.ROUTINE: 6, Severity.NOTABLE: 5, Severity.SENSITIVE: 4}
_MAX_SEQUENCE_ID = 2_147_483_647
_BOM = b"\xef\xbb\xbf"


def get_title(code: str) -> str:
    """What the act with the code says; the code itself for an unknown one."""
    action = find_action(code)
    return action.title if action else code


def get_severity(code: str) -> Severity:
    """How much attention the act deserves."""
    action = find_action(code)
    return action.severity if action else Severity.NOTABLE


def find_subject_name(entry: AuditEntry) -> str | None:
    """The name of the account that the act concerns. Needs `subject`."""
    if entry.subject_id is None:
        return None
    return entry.subject.username if entry.subject else f"deleted-{entry.subject_id}"


def build_event(entry: AuditEntry, *, with_address: bool) -> AuditEvent:
    """The entry as JSON-ready values. Needs `identity` and `subject`."""
    identity = entry.identity if with_address else None
    return {
        "id": entry.pk,
        "at": format_time(entry.at),
        "action": entry.action,
        "title": get_title(entry.action),
        "actorKind": entry.actor_kind,
        "actor": entry.actor_name,
        "subject": find_subject_name(entry),
        "targetKind": entry.target_kind or None,
        "target": entry.target or None,
        "via": entry.via or None,
        "credential": entry.credential or None,
        "address": identity.address or None if identity else None,
        "userAgent": identity.user_agent or None if identity else None,
        "before": entry.before,
        "after": entry.after,
        "details": entry.details,
    }


def format_json_line(event: AuditEvent) -> bytes:
    """One line of JSON Lines."""
    return dump_json(event) + b"\n"


def format_cef_line(event: AuditEvent) -> bytes:
    """One line of CEF."""
    head = "|".join(
        _escape_header(text)
        for text in (
            "Plugport",
            "Plugport",
            __version__,
            event["action"],
            event["title"],
            str(int(get_severity(event["action"]))),
        )
    )
    pairs = " ".join(
        f"{name}={_escape_value(_cut(name, text))}" for name, text in _iter_extensions(event)
    )
    return f"CEF:0|{head}|{pairs}\n".encode("utf-8", "replace")


def _iter_extensions(event: AuditEvent) -> Iterator[tuple[str, str]]:
    at = dt.datetime.fromisoformat(event["at"])
    yield "rt", str(int(at.timestamp() * 1000))
    yield "externalId", str(event["id"])
    yield "suser", event["actor"]
    if address := event["address"]:
        # `src` has IPv4 addresses only.
        if ipaddress.ip_address(address).version == 4:
            yield "src", address
        else:
            yield from (("c6a2", address), ("c6a2Label", "Source IPv6 Address"))
    for name, key in (("duser", "subject"), ("requestClientApplication", "userAgent")):
        if text := event[key]:  # type: ignore[literal-required]
            yield name, str(text)
    custom = (
        *(("target", event["target"]), ("targetKind", event["targetKind"])),
        *(("before", event["before"]), ("after", event["after"])),
        *(("details", event["details"] or None), ("origin", _join(event))),
    )
    for number, (label, value) in enumerate(custom, 1):
        if value is not None:
            text = value if isinstance(value, str) else dump_json(value).decode()
            yield f"cs{number}", text
            yield f"cs{number}Label", label


def _join(event: AuditEvent) -> str | None:
    parts = (event["actorKind"], event["via"], event["credential"])
    return " ".join(part for part in parts if part)


def _cut(name: str, text: str) -> str:
    limit = _MAX_CEF_CHARS.get(name, _MAX_CUSTOM_CHARS)
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _escape_header(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("|", "\\|")
    return " ".join(escaped.splitlines())


def _escape_value(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("=", "\\=")
    return escaped.replace("\r", "\\r").replace("\n", "\\n")


def format_syslog(event: AuditEvent, *, sequence: int, host: str) -> bytes:
    """A message of RFC 5424 with the event as JSON, framed by its length (RFC 5425, section 4.3)."""
    priority = _FACILITY * 8 + _SYSLOG_SEVERITY[get_severity(event["action"])]
    # Both elements are registered (RFC 5424, section 7).
    number = (sequence - 1) % _MAX_SEQUENCE_ID + 1
    data = f'[origin software="plugport" swVersion="{__version__}"][meta sequenceId="{number}"]'
    head = f"<{priority}>1 {event['at']} {host} plugport - {_name_message(event['action'])} {data} "
    body = {"sequence": sequence, **event}
    message = head.encode("ascii", "replace") + _BOM + dump_json(body)
    return str(len(message)).encode("ascii") + b" " + message


def _name_message(code: str) -> str:
    """MSGID has at most 32 printable characters of ASCII."""
    text = "".join(char for char in code if "!" <= char <= "~")
    return text[:32] or "-"
