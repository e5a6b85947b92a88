"""Say in the audit log what an act was about and from where, with personal data in a table of its own."""

from __future__ import annotations

import hashlib
import secrets
from itertools import islice
from typing import Any

import django.db.models.deletion
import django.utils.timezone
import orjson
from django.conf import settings
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

_BATCH = 1000
# The kind of the target by the first part of an action.
_KINDS = {
    "email": "account",
    "password": "account",
    "token": "token",
    "release": "release",
    "plugin": "plugin",
    "member": "plugin",
    "invitation": "plugin",
    "scope": "scope",
    "job": "job",
}
_SYSTEM = "system"
_MOVED = (
    *("actor_kind", "identity", "identity_digest", "subject", "target_kind", "target_name"),
    *("container", "before", "after", "details"),
)


def describe_entries(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Fill the new columns of entries that exist."""
    AuditEntry = apps.get_model("accounts", "AuditEntry")
    AuditIdentity = apps.get_model("accounts", "AuditIdentity")
    accounts = dict(apps.get_model("accounts", "User").objects.values_list("username", "pk"))
    plugins = {
        name: (pk, created_at)
        for name, pk, created_at in apps.get_model("registry", "Plugin").objects.values_list(
            "name", "pk", "created_at"
        )
    }
    rows = iter(AuditEntry.objects.order_by("id").iterator(chunk_size=_BATCH))
    while entries := list(islice(rows, _BATCH)):
        identities = []
        for entry in entries:
            _describe(entry, accounts, plugins)
            if entry.actor_name == _SYSTEM and entry.actor_id is None:
                entry.actor_kind = _SYSTEM
                continue
            entry.actor_kind = "account"
            identity = AuditIdentity(
                account_id=entry.actor_id, name=entry.actor_name, salt=secrets.token_hex(16)
            )
            entry.identity_digest = _digest(identity)
            entry.identity = identity
            identities.append(identity)
        AuditIdentity.objects.bulk_create(identities)
        for entry in entries:
            # The instance got its key after it was assigned.
            entry.identity_id = entry.identity.pk if entry.identity else None
        AuditEntry.objects.bulk_update(entries, _MOVED, batch_size=100)


def _describe(entry: Any, accounts: dict[str, int], plugins: dict[str, Any]) -> None:
    entry.target_kind = _KINDS.get(entry.action.partition(".")[0], "")
    if entry.target_kind == "account":
        entry.subject_id = accounts.get(entry.target_name)
        # A name is personal data. The page finds that of the account.
        entry.target_name = "" if entry.subject_id else entry.target_name
    elif entry.target_kind in ("plugin", "release"):
        name = entry.target_name
        if entry.target_kind == "release":
            name = name.rpartition("@")[0]
        plugin_id, created_at = plugins.get(name, (None, None))
        # An earlier plugin may have had the name.
        if plugin_id is not None and entry.at >= created_at:
            entry.container = f"plugin:{plugin_id}"
    details = entry.details
    if isinstance(details, dict):
        entry.before, entry.after = details.pop("before", None), details.pop("after", None)
        _name_subject(entry, details, accounts)


def _name_subject(entry: Any, details: dict[str, Any], accounts: dict[str, int]) -> None:
    """Refer to an account by its number instead of its name, which the log could not forget."""
    for key in ("user", "owner", "invited_by"):
        account_id = accounts.get(str(details.get(key, "")))
        if account_id is None:
            continue
        if entry.subject_id is None:
            entry.subject_id = account_id
            del details[key]
        else:
            details[key] = f"account:{account_id}"


def _digest(identity: Any) -> str:
    # As `accounts.audit.digests.digest_identity`, whose format this migration must not follow.
    values = [1, identity.salt, identity.account_id, identity.name, "", ""]
    return hashlib.sha256(orjson.dumps(values, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _build_account_key() -> models.ForeignKey[Any, Any]:
    return models.ForeignKey(
        db_constraint=False,
        db_index=False,
        null=True,
        on_delete=django.db.models.deletion.DO_NOTHING,
        related_name="+",
        to=settings.AUTH_USER_MODEL,
    )


def _build_id() -> models.BigAutoField[Any, Any]:
    return models.BigAutoField(
        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
    )


def _text(size: int, **options: Any) -> models.CharField[Any, Any]:
    return models.CharField(max_length=size, **options)


_NEW_FIELDS: tuple[tuple[str, models.Field[Any, Any]], ...] = (
    ("actor_kind", _text(10, default=_SYSTEM)),
    ("after", models.JSONField(null=True)),
    ("before", models.JSONField(null=True)),
    ("container", _text(60, blank=True)),
    ("credential", _text(60, blank=True)),
    (
        "identity",
        models.OneToOneField(
            db_constraint=False,
            null=True,
            on_delete=django.db.models.deletion.DO_NOTHING,
            related_name="entry",
            to="accounts.auditidentity",
        ),
    ),
    ("identity_digest", _text(64, blank=True)),
    ("owner_id", models.BigIntegerField(null=True)),
    ("subject", _build_account_key()),
    ("target_id", _text(40, blank=True)),
    ("target_kind", _text(40, blank=True)),
    ("via", _text(60, blank=True)),
)
_INDEXED = ("actor", "subject", "action", "target_name", "container", "owner_id")


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0008_token_limits_and_expiry"),
        # The plugins of entries.
        ("registry", "0014_belong_to_owners"),
    ]

    operations = [
        migrations.CreateModel(
            name="AuditIdentity",
            fields=[
                ("id", _build_id()),
                ("account_id", models.BigIntegerField(db_index=True, null=True)),
                ("name", _text(150, blank=True, db_index=True)),
                ("address", _text(50, blank=True, db_index=True)),
                ("user_agent", _text(300, blank=True)),
                ("salt", _text(32)),
            ],
            options={"verbose_name_plural": "audit identities"},
        ),
        migrations.AlterField("auditentry", "actor", _build_account_key()),
        migrations.RenameField("auditentry", "target", "target_name"),
        migrations.AlterField("auditentry", "target_name", _text(400, blank=True)),
        migrations.AlterField("auditentry", "action", _text(60)),
        *(migrations.AddField("auditentry", name, field) for name, field in _NEW_FIELDS),
        migrations.AlterField("auditentry", "actor_kind", _text(10)),
        migrations.RunPython(describe_entries, migrations.RunPython.noop),
        migrations.RemoveField("auditentry", "actor_name"),
        *(
            migrations.AddIndex(
                "auditentry",
                models.Index(fields=[name, "-id"], name=f"audit_{name.partition('_')[0]}"),
            )
            for name in _INDEXED
        ),
    ]
