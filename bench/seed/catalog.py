"""Fill the registry with generated plugins."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import TypeVar

from django.conf import settings
from django.db import connection, transaction

from accounts.actions.record_audit_entry import record_audit_entry
from accounts.models import AuditEntry, User
from bench.seed import vocabulary
from bench.seed.generator import PluginGenerator, build_authors
from bench.seed.rows import SeedContext, create_seed_context, store_plugins
from plugport.spec.errors import ConflictError, DeniedError
from registry.models import Plugin, Scope

_AUDIT_ACTION = "catalogue.invented"
# Larger batches are no faster, because SQLite then needs a second statement per table.
BATCH_SIZE = 1000
T = TypeVar("T")


class CatalogExistsError(ConflictError):
    """The registry already has a generated catalog."""

    code, title = "catalogue-made", "Catalog exists"


class ProductionError(DeniedError):
    """Generated catalogs are not allowed in production."""

    code, title = "in-production", "Not in production"


def create_catalog(
    *, count: int, seed: int, on_progress: Callable[[int], None], even_in_production: bool = False
) -> None:
    """Generate `count` plugins with one published release each; once per registry.

    Writes accounts, scopes, plugins, releases, packages and journal entries, a thousand plugins a
    transaction. Existing names are not changed. `on_progress` receives the number so far. Raises
    `CatalogExistsError` or `ProductionError`.
    """
    if settings.IS_PRODUCTION and not even_in_production:
        raise ProductionError(
            "This registry runs in production.",
            hint="Rerun with --force to generate the plugins anyway.",
        )
    if AuditEntry.objects.filter(action=_AUDIT_ACTION).exists():
        raise CatalogExistsError(
            "This registry holds a generated catalog.", hint="Start with an empty data folder."
        )
    generator, context = _prepare(count, seed)
    done = 0
    for batch in _iter_batches(generator.iter_plugins(), BATCH_SIZE):
        store_plugins(batch, context, seed=seed)
        done += len(batch)
        on_progress(done)
    with connection.cursor() as cursor:
        # Query planners use statistics, which are out of date after so many new rows.
        cursor.execute("ANALYZE")


def _prepare(count: int, seed: int) -> tuple[PluginGenerator, SeedContext]:
    taken_users = {
        *User.objects.values_list("username", flat=True),
        *Scope.objects.values_list("name", flat=True),
    }
    authors = build_authors(count, taken_users)
    taken = set(Plugin.objects.values_list("collision_key", flat=True))
    generator = PluginGenerator(count, seed=seed, authors=authors, taken=taken)
    with transaction.atomic():
        record_audit_entry(actor=None, action=_AUDIT_ACTION, count=count, seed=seed)
        context = create_seed_context(
            authors, vocabulary.CATEGORIES, (*vocabulary.SUBJECTS, *vocabulary.ROLES)
        )
    return generator, context


def _iter_batches(items: Iterator[T], size: int) -> Iterator[list[T]]:
    while batch := list(itertools.islice(items, size)):
        yield batch
