"""The rights of teams in plugins and scopes of their organization."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from common.bounded_fields import BoundedCharField
from registry.models.catalog import Plugin, Role, Scope


class TeamRight(models.Model):
    """The role that the members of a team have in one plugin, or in all plugins of one scope.

    It counts only while the organization of the team holds the plugin (`Member.holder`); in a scope,
    the right also allows to publish new plugins while the organization owns it.
    """

    team = models.ForeignKey("accounts.Team", on_delete=models.CASCADE, related_name="rights")
    plugin = models.ForeignKey(
        Plugin, null=True, on_delete=models.CASCADE, related_name="team_rights"
    )
    scope = models.ForeignKey(
        Scope, null=True, on_delete=models.CASCADE, related_name="team_rights"
    )
    role = BoundedCharField(max_length=12, choices=Role.choices)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(plugin__isnull=False, scope__isnull=True)
                | models.Q(plugin__isnull=True, scope__isnull=False),
                name="right_has_one_target",
            ),
            models.UniqueConstraint(fields=["team", "plugin"], name="one_right_in_a_plugin"),
            models.UniqueConstraint(fields=["team", "scope"], name="one_right_in_a_scope"),
        ]

    def __str__(self) -> str:
        return f"{self.team}: {self.role} of {self.target}"

    @property
    def target(self) -> str:
        """The name of the plugin, or the scope with `@`."""
        return self.plugin.name if self.plugin is not None else str(self.scope)
