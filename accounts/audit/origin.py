"""Where an act comes from, without passing the request through every action.

A middleware binds the request, and authentication binds the token. Without a request, an act is of a
command of `manage.py`, or of a worker.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.crypto import salted_hmac

from accounts.models import User
from common.http.client_address import get_client_address

_MAX_AGENT_CHARS = 300
_SESSION_DIGITS = 16


@dataclass(slots=True)
class Origin:
    """The request of an act and its token, or the command or worker that acts.

    `token_name` is what a token without an account is called.
    """

    via: str
    request: HttpRequest | None = None
    token_id: int | None = None
    is_scim: bool = False
    token_name: str = ""

    @property
    def is_command(self) -> bool:
        """Whether an operator runs a command."""
        return self.via.startswith("command ")

    def get_address(self) -> str:
        """The IP address of the client; empty without one, as on a Unix socket."""
        address = get_client_address(self.request) if self.request else "unknown"
        return "" if address == "unknown" else address

    def get_user_agent(self) -> str:
        """What the client calls itself, without control characters."""
        if self.request is None:
            return ""
        text = self.request.headers.get("User-Agent", "")[:_MAX_AGENT_CHARS]
        return "".join(char for char in text if char.isprintable())

    def find_staff(self) -> User | None:
        """The member of staff who is signed in, as whom nobody else acts in this request."""
        user = getattr(self.request, "user", None)
        return user if isinstance(user, User) and user.is_active and user.is_staff else None

    def get_credential(self) -> str:
        """`token:` or `scim-token:` and its id, or `session:` and digits that stand for the session."""
        if self.token_id is not None:
            return f"{'scim-token' if self.is_scim else 'token'}:{self.token_id}"
        session = getattr(self.request, "session", None)
        if session is None or not session.session_key or "_auth_user_id" not in session:
            return ""
        return f"session:{digest_session(session.session_key)}"


def digest_session(session_key: str) -> str:
    """Digits that stand for a session and do not open it. The same for its whole life."""
    digest = salted_hmac("accounts.audit.session", session_key, algorithm="sha256")
    return digest.hexdigest()[:_SESSION_DIGITS]


def _name_process() -> str:
    program, *arguments = [*sys.argv, ""]
    return f"command {arguments[0][:40]}".strip() if Path(program).name == "manage.py" else ""


_process = _name_process()
_bound: ContextVar[Origin | None] = ContextVar("audit_origin", default=None)


def get_origin() -> Origin:
    """The origin of what runs in this thread."""
    return _bound.get() or Origin(_process)


def name_process(name: str) -> None:
    """Say what this process is, for its acts without a request."""
    global _process  # noqa: PLW0603 -- one for each process
    _process = name


def bind_token(token_id: int) -> None:
    """Say with which token the current request was authenticated."""
    if origin := _bound.get():
        origin.token_id = token_id


def bind_scim_token(token_id: int, name: str) -> None:
    """Say with which SCIM token the current request was authenticated."""
    if origin := _bound.get():
        origin.token_id, origin.is_scim, origin.token_name = token_id, True, name


@contextmanager
def bind_origin(origin: Origin) -> Iterator[None]:
    """Use the origin until the block ends."""
    state = _bound.set(origin)
    try:
        yield
    finally:
        _bound.reset(state)


class AuditOriginMiddleware:
    """Binds each request, so that entries know its address, session and token."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        path = request.path
        via = "api" if path.startswith(("/api/", "/scim/")) else "page"
        if path.startswith("/admin/"):
            via = "admin"
        with bind_origin(Origin(via, request)):
            return self.get_response(request)
