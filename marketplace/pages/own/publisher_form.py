"""The form that describes a CI job, on the page of a plugin and on that of an account."""

from __future__ import annotations

from django import forms
from django.conf import settings

from accounts.trusted_publishing.providers import PROVIDERS
from plugport.spec.errors import PlugportError
from registry.publishing.trusted import PublisherRequest

# Names of the API that differ from those of the form.
_FIELDS = {"repositoryId": "repository_id", "ownerId": "owner_id"}
_RARE_FIELDS = ("owner_id", "repository_id")


class TrustedPublisherForm(forms.Form):
    """The inputs for a CI job. The action `add_trusted_publisher` checks the rules."""

    provider = forms.ChoiceField(
        label="CI system",
        choices=[(key, provider.label) for key, provider in PROVIDERS.items()],
        widget=forms.RadioSelect,
        initial="github",
    )
    repository = forms.CharField(
        label="Repository",
        required=False,
        max_length=500,
        help_text="On GitHub owner/name, on GitLab group/project.",
    )
    workflow = forms.CharField(
        label="Workflow file",
        required=False,
        max_length=300,
        help_text="The file that describes the job, such as release.yml. On GitLab .gitlab-ci.yml if empty.",
    )
    environment = forms.CharField(
        label="Environment",
        required=False,
        max_length=255,
        help_text="The job must run in it. Recommended; leave empty for any.",
    )
    owner_id = forms.CharField(
        label="Id of the repository's owner",
        required=False,
        max_length=20,
        help_text="Only for GitHub, if this registry cannot find it.",
    )
    repository_id = forms.CharField(
        label="Id of the repository",
        required=False,
        max_length=20,
        help_text="Only for private repositories. GitLab shows it on the page of the project.",
    )
    issuer = forms.CharField(
        label="Issuer",
        required=False,
        max_length=300,
        help_text="Only for OpenID Connect, and for servers of GitHub and GitLab that are not the default"
        " one. It is the claim “iss” of the identity tokens.",
    )
    claims = forms.CharField(
        label="Claims",
        required=False,
        max_length=12_000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Only for OpenID Connect: what the tokens must say, one NAME=VALUE in each line.",
    )

    def list_rows(self) -> list[tuple[forms.BoundField, str]]:
        """The fields that most jobs need, each with the CI systems that it is for, separated by spaces."""
        return [row for row in self._list_all_rows() if row[0].name not in _RARE_FIELDS]

    def list_rare_rows(self) -> list[tuple[forms.BoundField, str]]:
        """The same for the fields that few jobs need."""
        return [row for row in self._list_all_rows() if row[0].name in _RARE_FIELDS]

    def has_rare_values(self) -> bool:
        """Whether one of those has a value or an error, so that the page must show it."""
        return any(field.value() or field.errors for field, _ in self.list_rare_rows())

    def _list_all_rows(self) -> list[tuple[forms.BoundField, str]]:
        systems = {
            "repository": "github gitlab",
            "workflow": "github gitlab",
            "owner_id": "github",
            "repository_id": "github gitlab",
            # One issuer is the default, and there is nothing to choose.
            "issuer": " ".join(
                ["oidc", *(k for k, v in settings.CI_ISSUERS.items() if len(v) > 1)]
            ),
            "claims": "oidc",
        }
        every = " ".join(PROVIDERS)
        return [(field, systems.get(field.name, every)) for field in self.visible_fields()]

    def build_request(self) -> PublisherRequest:
        """The description of the job, from a form that is valid."""
        values = self.cleaned_data
        pairs = [line.partition("=") for line in values["claims"].splitlines() if line.strip()]
        return PublisherRequest(
            provider=values["provider"],
            issuer=values["issuer"],
            repository=values["repository"],
            repository_id=values["repository_id"],
            owner_id=values["owner_id"],
            workflow=values["workflow"],
            environment=values["environment"],
            claims={name.strip(): value.strip() for name, _, value in pairs},
        )

    def add_errors(self, error: PlugportError) -> None:
        """Show the problems of an error at their fields."""
        for each in error.fields:
            name = _FIELDS.get(each.field, each.field.partition(".")[0])
            allowed = f" Allowed: {each.allowed}." if each.allowed else ""
            self.add_error(name if name in self.fields else None, f"{each.detail}{allowed}")
        if not error.fields or error.hint:
            self.add_error(None, f"{error.detail} {error.hint or ''}".strip())


class NewPublisherForm(TrustedPublisherForm):
    """The same, for a plugin that need not exist yet."""

    name = forms.CharField(
        label="Plugin",
        max_length=130,
        help_text="Its name, such as @acme/chat, as in the manifest.",
    )

    field_order = ("name",)


class IssuerForm(forms.Form):
    """The input for an issuer of identity tokens. The action `register_issuer` checks the rules."""

    url = forms.CharField(
        label="Issuer",
        max_length=300,
        help_text="An https URL: the claim “iss” of the identity tokens of your CI system.",
    )
