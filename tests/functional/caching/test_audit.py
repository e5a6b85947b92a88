"""Every table that a stored response is built from has something that ends the response."""

from __future__ import annotations

import re
from enum import Enum

import pytest
from django.apps import apps
from django.contrib import admin
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from tests.functional.caching.routes import PATHS
from tests.functional.caching.world import World

pytestmark = pytest.mark.usefixtures("_behind_gateway")
_TABLE = re.compile(r'\b(?:FROM|JOIN)\s+"?([a-z]+_\w+)"?', re.IGNORECASE)


class End(Enum):
    """What ends a stored response after a change of a table."""

    # All actions that change public rows append an entry in the same transaction.
    JOURNAL = "journal"
    # Triggers (migration `0013`).
    COUNTER = "counter"
    # Only the time: counts of downloads may be as old as a stored response.
    TIME = "time"
    # A response is not marked unless the index has every entry of the journal.
    NO_MARK = "no mark"


TABLES = {
    "registry_plugin": {End.JOURNAL, End.COUNTER},
    "registry_release": {End.JOURNAL},
    "registry_releasecontents": {End.JOURNAL},
    "registry_artifact": {End.JOURNAL},
    "registry_checkrun": {End.JOURNAL},
    "registry_dependency": {End.JOURNAL},
    "registry_disttag": {End.JOURNAL},
    "registry_category": {End.JOURNAL},
    "registry_tag": {End.JOURNAL},
    "registry_journalentry": {End.JOURNAL},
    "registry_journalhead": {End.JOURNAL},
    "registry_member": {End.COUNTER},
    "registry_scope": {End.COUNTER},
    "accounts_organization": {End.COUNTER},
    "accounts_owner": {End.COUNTER},
    "accounts_ownerdomain": {End.COUNTER},
    "accounts_user": {End.COUNTER},
    "registry_downloadcount": {End.TIME},
    "marketplace_searchcursor": {End.NO_MARK},
}


def test_every_table_that_a_marked_route_reads_is_listed(client: Client) -> None:
    with CaptureQueriesContext(connection) as queries:
        for path in PATHS:
            client.get(path)
    read = {name for query in queries.captured_queries for name in _TABLE.findall(query["sql"])}
    assert read == set(TABLES)


def test_the_admin_changes_accounts_only(rf: RequestFactory, world: World) -> None:
    """Other tables change through actions, which append to the journal."""
    request = rf.get("/admin/")
    request.user = User(is_staff=True, is_superuser=True, is_active=True)
    editable = []
    for model in apps.get_models(include_auto_created=True):
        if model._meta.db_table not in TABLES or not admin.site.is_registered(model):
            continue
        pages = admin.site.get_model_admin(model)
        if (
            pages.has_add_permission(request)
            or pages.has_change_permission(request)
            or pages.has_delete_permission(request)
        ):
            editable.append(model)
    assert editable == [User]
