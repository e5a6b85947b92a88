"""Record where an account is signed in."""

from __future__ import annotations

import time

from django.contrib.auth import HASH_SESSION_KEY
from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils import timezone

from accounts.models import AccountSession, User
from accounts.models.session import MAX_AGENT_CHARS
from accounts.queries.sessions import list_ended_sessions
from common.http.client_address import get_client_address

# In the session: its key at the last record, and the time.
_KEY = "tracked"
# A page that is open all day costs one write in this time.
INTERVAL_SECONDS = 300


def track_session(*, request: HttpRequest, user: User) -> None:
    """Record the session, its address and the time, unless that was done moments ago: 1 write.

    Leaves no audit entry: being there is no change of the account.
    """
    session = request.session
    key, at = session.get(_KEY) or ("", 0)
    if session.session_key is None:
        # It is stored with the response; the next request finds it.
        return
    if key == session.session_key and time.time() - at < INTERVAL_SECONDS:
        return
    values = {
        "user": user,
        "auth_hash": session.get(HASH_SESSION_KEY, ""),
        "address": get_client_address(request) if request.META else "",
        "agent": request.META.get("HTTP_USER_AGENT", "")[:MAX_AGENT_CHARS],
        "last_seen_at": timezone.now(),
        "session_key": session.session_key,
    }
    # Django gives a session another key when the password changes.
    if not key or not AccountSession.objects.filter(user=user, session_key=key).update(**values):
        AccountSession.objects.update_or_create(session_key=session.session_key, defaults=values)
    session[_KEY] = [session.session_key, time.time()]


@receiver(user_logged_in)
def _track_sign_in(request: HttpRequest, user: User, **_: object) -> None:
    list_ended_sessions(user).delete()
    request.session.pop(_KEY, None)
    track_session(request=request, user=user)
