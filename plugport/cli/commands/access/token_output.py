"""Lists of tokens, the choice of one, and a new one, for the tokens of accounts and robots."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from plugport.cli.session import Session
    from plugport.client.models import ListedToken
    from plugport.client.tokens import Token


def print_tokens(session: Session, tokens: Sequence[ListedToken]) -> None:
    """Print a table of the tokens, or all of them as JSON."""
    session.output.print_json({"tokens": [token.document for token in tokens]})
    if not tokens:
        session.output.print_line("no tokens")
        return
    session.output.print_table(
        [_format_row(token) for token in tokens],
        ("ID", "TOKEN", "NAME", "SCOPES", "LIMITS", "EXPIRES", "LAST USED"),
    )


def _format_row(token: ListedToken) -> tuple[str, ...]:
    data = token.data
    last_used = data["lastUsedAt"]
    return (
        str(token.number),
        f"{data['start']}…" + (" (this one)" if data["isCurrent"] else ""),
        data["name"],
        ", ".join(data["scopes"]),
        ", ".join([*data["limits"], *data["networks"]]) or "none",
        data["expiresAt"][:10],
        f"{last_used[:10]} from {data['lastUsedAddress']}" if last_used else "never",
    )


def print_text(session: Session, text: Token, name: str, expires_at: str) -> None:
    """Print a new token alone on standard output, for scripts, and the rest beside it."""
    session.output.print_line(text.reveal())
    session.output.note(f"the token {name} expires on {expires_at[:10]}; it is not shown again")


def select_token(tokens: Sequence[ListedToken], text: str, *, list_command: str) -> ListedToken:
    """Return the token with this id or beginning. Raises `NoSuchTokenError`."""
    from plugport.cli.errors import NoSuchTokenError

    # The whole token may be given, but is never printed.
    start = text[:10].rstrip("…")
    found = [
        token
        for token in tokens
        if text == str(token.number) or (len(start) > 3 and token.data["start"].startswith(start))
    ]
    if len(found) != 1:
        problem = "Several tokens begin so" if found else "There is no such token"
        raise NoSuchTokenError(f"{problem}: `{start}`.", hint=f"Run `{list_command}` for the ids.")
    return found[0]


def count_days(expires_at: str, default: int) -> int:
    """Days of a new token: the default, unless the token that creates it expires earlier.

    `expires_at` is the time at which that token expires, as in the API.
    """
    from datetime import UTC, datetime

    left = datetime.fromisoformat(expires_at) - datetime.now(UTC)
    return max(1, min(default, left.days))
