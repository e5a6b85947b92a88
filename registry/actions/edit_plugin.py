"""Change what a plugin's page says, without a release."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from accounts.audit import record_act
from accounts.models import User
from registry.documents import EDITABLE, refresh_plugin
from registry.journal import append_entry
from registry.models import Plugin
from registry.policies import check_may_manage


def edit_plugin(
    *, actor: User, plugin: Plugin, changes: Mapping[str, Any], replace: bool = False
) -> Plugin:
    """Lay the author's edits over the manifest's fields.

    `changes` maps names of `documents.EDITABLE` to validated values; None gives a field back to
    the manifest. With `replace` fields that are not named are given back too. Raises
    `NotMemberError`.
    """
    check_may_manage(actor, plugin)
    with transaction.atomic():
        locked = Plugin.objects.select_for_update(of=("self",)).get(pk=plugin.pk)
        kept = {} if replace else dict(locked.metadata)
        kept.update({name: changes[name] for name in EDITABLE if name in changes})
        locked.metadata = {name: value for name, value in kept.items() if value is not None}
        locked.save(update_fields=["metadata"])
        edited = refresh_plugin(locked.pk)
        record_act(actor=actor, action="plugin.edited", target=edited.name, fields=sorted(changes))
        append_entry("plugin.edited", edited.name, fields=sorted(changes))
    return edited
