"""The check of a new plugin's name against established plugins with similar names."""

from __future__ import annotations

import datetime as dt

from django.db.models import Q
from django.utils import timezone

from accounts.models import User
from accounts.policies import is_moderator
from plugport.checks.base import Finding
from plugport.checks.rules import build_finding
from plugport.spec.names import PluginName, list_similar_keys
from registry.models import CheckRun, CheckState, Plugin, Release
from registry.rights import build_role_condition

CHECK_NAME = "name"
# A plugin that nobody downloads and that was published just now has no users to mislead.
ESTABLISHED_AFTER = dt.timedelta(days=7)
_MAX_SHOWN = 3


def list_similar_plugins(actor: User, name: PluginName) -> list[Plugin]:
    """Return established plugins of other accounts with similar names, most downloads first.

    One query, and a second one if there are plugins with similar names. The keys of all similar names
    are looked up, so the cost does not depend on the catalog.
    """
    established = Q(downloads__gt=0) | Q(created_at__lte=timezone.now() - ESTABLISHED_AFTER)
    plugins = Plugin.objects.filter(
        established, collision_key__in=list_similar_keys(name), is_listed=True
    )
    # The rule is for few names, and the condition below is a quarter of the time of publishing a name.
    if not plugins.exists():
        return []
    # An author's own plugins may have similar names.
    others = plugins.exclude(build_role_condition(actor))
    return list(others.order_by("-downloads", "id")[:_MAX_SHOWN])


def build_name_check(actor: User, release: Release) -> CheckRun | None:
    """Return the check of a first release whose name is similar to others, or None: at most 2 queries.

    Its finding holds the release for a moderator. Names that were public before, and those that
    moderators publish, are not checked.
    """
    plugin = release.plugin
    if plugin.document or is_moderator(actor):
        return None
    similar = list_similar_plugins(actor, plugin.parsed_name)
    if not similar:
        return None
    findings = [_build_similar_finding(plugin, other) for other in similar]
    return CheckRun(
        release=release,
        name=CHECK_NAME,
        state=CheckState.PASSED,
        findings=[finding.as_dict() for finding in findings],
        finished_at=timezone.now(),
        duration_ms=0,
    )


def _build_similar_finding(plugin: Plugin, other: Plugin) -> Finding:
    message = (
        f"the name `{plugin.name}` is easily confused with `{other.name}`, which was published on"
        f" {other.created_at:%Y-%m-%d} and has {other.downloads:,} downloads"
    )
    return build_finding("name-similar", message)
