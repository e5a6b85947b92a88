"""Fill the registry with invented plugins."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import TypeVar

from django.conf import settings
from django.db import connection, transaction

from accounts.audit import record_act
from accounts.models import AuditEntry, User
from plugport.spec.errors import ConflictError, DeniedError
from registry.models import Plugin, Scope
from registry.synthetic import words
from registry.synthetic.invent import Inventor, invent_authors
from registry.synthetic.rows import Surroundings, prepare_surroundings, store_plugins

_ACT = "catalogue.invented"
# The largest batches that SQLite takes without a second statement a table cost no more time.
BATCH = 1000
T = TypeVar("T")


class CatalogueMadeError(ConflictError):
    """The registry holds an invented catalogue."""

    code, title = "catalogue-made", "Already made"


class ProductionError(DeniedError):
    """Not in a registry that people use."""

    code, title = "in-production", "Not in production"


def make_catalogue(
    *, count: int, seed: int, on_progress: Callable[[int], None], even_in_production: bool = False
) -> None:
    """Invent `count` plugins with one published release each; done once a registry.

    Writes accounts, scopes, plugins, releases, packages and journal entries, a thousand plugins a
    transaction; names that exist are left alone. `on_progress` is given the number so far. Raises
    `CatalogueMadeError` or `ProductionError`.
    """
    if settings.IS_PRODUCTION and not even_in_production:
        raise ProductionError(
            "This registry runs in production.", hint="With --force it is done all the same."
        )
    if AuditEntry.objects.filter(action=_ACT).exists():
        raise CatalogueMadeError(
            "This registry holds an invented catalogue.", hint="Start with an empty data folder."
        )
    inventor, around = _prepare(count, seed)
    done = 0
    for batch in _split(inventor.invent(), BATCH):
        store_plugins(batch, around, seed=seed)
        done += len(batch)
        on_progress(done)
    with connection.cursor() as cursor:
        # Query planners choose by statistics, which so many new rows have made wrong.
        cursor.execute("ANALYZE")


def _prepare(count: int, seed: int) -> tuple[Inventor, Surroundings]:
    taken_users = {
        *User.objects.values_list("username", flat=True),
        *Scope.objects.values_list("name", flat=True),
    }
    authors = invent_authors(count, taken_users)
    taken = set(Plugin.objects.values_list("collision_key", flat=True))
    inventor = Inventor(count, seed=seed, authors=authors, taken=taken)
    with transaction.atomic():
        record_act(actor=None, action=_ACT, count=count, seed=seed)
        around = prepare_surroundings(authors, words.CATEGORIES, (*words.SUBJECTS, *words.ROLES))
    return inventor, around


def _split(items: Iterator[T], size: int) -> Iterator[list[T]]:
    while batch := list(itertools.islice(items, size)):
        yield batch
