"""Insert many rows of a table at once, without model instances.

`bulk_create` spends nine tenths of its time creating instances and calling each of their fields to
prepare each value. Here a column's preparation is chosen once, which is about eight times as fast.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import orjson
from django.db import connection, models

# Below the limits of SQLite (32,766) and PostgreSQL (65,535) parameters per statement.
_MAX_PARAMETERS = 30_000


def insert_rows(model: type[models.Model], rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows with the same keys, which are column names. Other columns get their defaults.

    The database assigns an automatic primary key unless it is among the keys. Call it in a
    transaction. Raises `DatabaseError`.
    """
    if not rows:
        return
    given = rows[0].keys()
    fields = {str(field.column): field for field in model._meta.concrete_fields}  # noqa: SLF001 -- Django's documented door to fields
    prepare = {column: _get_converter(fields[column]) for column in given}
    constants = {
        column: _get_converter(field)(field.get_default())
        for column, field in fields.items()
        if column not in given and not isinstance(field, models.AutoField)
    }
    quote = connection.ops.quote_name
    columns = ", ".join(quote(column) for column in (*given, *constants))
    table = quote(model._meta.db_table)  # noqa: SLF001 -- as above
    row_placeholders = f"({', '.join(['%s'] * (len(given) + len(constants)))})"
    values = [
        [*(prepare[column](row[column]) for column in given), *constants.values()] for row in rows
    ]
    size = _MAX_PARAMETERS // (len(given) + len(constants))
    with connection.cursor() as cursor:
        for chunk in (values[i : i + size] for i in range(0, len(values), size)):
            placeholders = ", ".join([row_placeholders] * len(chunk))
            cursor.execute(
                f"INSERT INTO {table} ({columns}) VALUES {placeholders}",
                [value for row in chunk for value in row],
            )


def _get_converter(field: models.Field[Any, Any]) -> Callable[[Any], Any]:
    """Return the function that converts a value of the field for the database."""
    match field:
        case models.JSONField():
            return lambda value: orjson.dumps(value).decode()
        case models.DateTimeField() | models.UUIDField() | models.BinaryField():
            return lambda value: field.get_db_prep_save(value, connection)
        case _:
            return lambda value: value


def allocate_ids(model: type[models.Model], count: int) -> range:
    """Return `count` unused primary keys; call `reset_id_sequences` after their use."""
    highest = model._default_manager.aggregate(maximum=models.Max("pk"))["maximum"] or 0  # noqa: SLF001 -- as above
    return range(highest + 1, highest + 1 + count)


def reset_id_sequences(*tables: type[models.Model]) -> None:
    """Set the database's sequences after the keys of `allocate_ids`."""
    from django.core.management.color import no_style

    statements = connection.ops.sequence_reset_sql(no_style(), list(tables))
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
