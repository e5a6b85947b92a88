"""Accept an answer of an identity provider once."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import SsoAnswer, SsoConnection
from accounts.sso.errors import SsoRefusedError
from accounts.sso.person import Person

# Between the answer, which arrives without cookies, and the page that the browser opens then.
_TICKET_AGE = dt.timedelta(seconds=120)
# Longer than needed: the clock of this machine may be set back.
_KEPT = dt.timedelta(minutes=10)


def accept_answer(
    *,
    connection: SsoConnection,
    answer_id: str,
    expires_at: dt.datetime,
    person: Person | None = None,
    request_id: str = "",
) -> str:
    """Record that the answer is used, and return a ticket for `take_ticket` if it has a person.

    Raises `SsoRefusedError` if the answer was used before, also by a request at the same time.
    """
    SsoAnswer.objects.filter(expires_at__lt=timezone.now() - _KEPT).delete()
    ticket = secrets.token_urlsafe(32) if person else ""
    try:
        # A transaction of its own: PostgreSQL ends the one around it after an error.
        with transaction.atomic():
            SsoAnswer.objects.create(
                connection=connection,
                sha256=_hash(f"{connection.pk}\0{answer_id}"),
                expires_at=expires_at,
                ticket_sha256=_hash(ticket) if ticket else "",
                ticket_until=timezone.now() + _TICKET_AGE,
                request_id=request_id,
                person=person.as_json() if person else None,
            )
    except IntegrityError:
        raise SsoRefusedError("replayed", "The answer was used before.") from None
    return ticket


def take_ticket(*, connection: SsoConnection, ticket: str) -> tuple[Person, str]:
    """The person of the ticket and the id of the request; once. Raises `SsoRefusedError`."""
    with transaction.atomic():
        row = (
            SsoAnswer.objects.select_for_update()
            .filter(connection=connection, ticket_sha256=_hash(ticket), person__isnull=False)
            .filter(ticket_until__gt=timezone.now())
            .first()
        )
        if row is None or row.person is None:
            raise SsoRefusedError("unknown-request", "This sign-in was finished, or took too long.")
        person = Person.from_json(row.person)
        row.person, row.ticket_sha256 = None, ""
        row.save(update_fields=["person", "ticket_sha256"])
    return person, row.request_id


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
