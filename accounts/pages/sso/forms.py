"""The forms with which a connection is set up."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from accounts.actions.sso.connections import ConnectionValues
from accounts.actions.sso.find_account import RIGHTS
from accounts.models import Organization, SsoConnection
from accounts.queries.domains import list_proven_domains
from accounts.sso.errors import ConnectionSettingsError, SsoRefusedError
from accounts.sso.fetching import fetch_text, require_provider_url
from accounts.sso.oidc.provider import OidcSettings, fetch_document
from accounts.sso.saml.metadata import MAX_BYTES, parse_metadata
from plugport.spec.errors import PlugportError

_DOMAIN = re.compile(r"(?=.{1,253}\Z)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}\Z")
_MAX_LINES = 100


class ConnectionForm(forms.Form):
    """What both protocols have in common."""

    name = forms.CharField(
        label="Name",
        max_length=60,
        help_text="On the sign-in page: “Continue with NAME”. Usually the name of your company.",
    )
    email_domains = forms.CharField(
        label="Email domains",
        required=False,
        max_length=5_000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="One a line. Addresses in these domains count as verified, even if the provider does"
        " not say so. Enter only domains for which the provider alone hands out addresses.",
    )
    group_rules = forms.CharField(
        label="Rights by group",
        required=False,
        max_length=10_000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="One a line: `GROUP = moderator`, `security-reviewer` or `operator`. They are given and taken at"
        " each sign-in. Rights that an operator gave here stay.",
    )

    existing_only = forms.BooleanField(
        label="Create no accounts",
        required=False,
        help_text="Then only people sign in who have an account already: one that is linked, or that"
        " was created before. Otherwise, a new person gets one at the first sign-in.",
    )

    def __init__(self, *args: Any, organization: Organization | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.organization = organization
        if organization is not None:
            del self.fields["group_rules"]
            self.fields["email_domains"].help_text = (
                "One a line, each a proven domain of the organization. People who enter an address in"
                " one of them on the page for single sign-on get to this provider, and accounts get"
                " their addresses in them."
            )

    def clean_email_domains(self) -> list[str]:
        """The domains, in lower case."""
        domains = self.cleaned_data["email_domains"].lower().split()
        if wrong := [domain for domain in domains if not _DOMAIN.match(domain)]:
            raise ValidationError(f"`{wrong[0][:100]}` is not a domain such as `example.com`.")
        if self.organization is not None:
            proven = {each.domain for each in list_proven_domains(self.organization.owner)}
            if foreign := [domain for domain in domains if domain not in proven]:
                raise ValidationError(
                    f"`{foreign[0]}` is not a proven domain of `{self.organization.name}`. Prove it on"
                    " the page Domains of the organization first."
                )
        return list(dict.fromkeys(domains))[:_MAX_LINES]

    def clean_group_rules(self) -> list[dict[str, str]]:
        """The rules, each with `group` and `right`."""
        rules = []
        for line in filter(str.strip, self.cleaned_data["group_rules"].splitlines()):
            group, separator, right = (part.strip() for part in line.rpartition("="))
            if not separator or not group or right not in RIGHTS or len(group) > 254:
                raise ValidationError(
                    f"`{line[:100]}` is not a rule. Allowed: `GROUP = moderator`,"
                    " `GROUP = security-reviewer` and `GROUP = operator`."
                )
            rules.append({"group": group, "right": right})
        if len(rules) > _MAX_LINES:
            raise ValidationError(f"There are {len(rules)} rules; {_MAX_LINES} are allowed.")
        return rules

    def build_values(self) -> ConnectionValues:
        """The values for the actions."""
        raise NotImplementedError

    def add_provider_error(self, error: PlugportError) -> None:
        """Show what is wrong with the provider above the form."""
        self.add_error(None, " ".join(filter(None, (error.detail, error.hint))))


class OidcForm(ConnectionForm):
    """The issuer, and this registry as its client."""

    issuer = forms.CharField(
        label="Issuer",
        max_length=1_000,
        help_text="The URL below which the provider has `/.well-known/openid-configuration`.",
    )
    client_id = forms.CharField(label="Client ID", max_length=300)
    client_secret = forms.CharField(
        label="Client secret",
        required=False,
        max_length=1_000,
        strip=True,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text="Stored encrypted. Leave empty to keep the stored one.",
    )
    groups_claim = forms.CharField(label="Claim with groups", max_length=100, initial="groups")
    hosted_domain = forms.CharField(
        label="Google Workspace domain",
        required=False,
        max_length=253,
        help_text="Only for Google, where it is required.",
    )
    field_order = ("name", "issuer", "client_id", "client_secret", "hosted_domain", "email_domains", "groups_claim", "group_rules", "existing_only")  # fmt: skip

    def clean(self) -> dict[str, Any]:
        """Fetch what the provider publishes."""
        values = super().clean() or {}
        if not self.errors:
            self._settings = OidcSettings(
                issuer=values["issuer"],
                client_id=values["client_id"],
                groups_claim=values["groups_claim"],
                hosted_domain=values["hosted_domain"].lower(),
            )
            try:
                self._document = fetch_document(self._settings)
            except (ConnectionSettingsError, SsoRefusedError) as error:
                self.add_provider_error(error)
        return values

    def build_values(self) -> ConnectionValues:
        """The values for the actions."""
        own = self._settings
        return ConnectionValues(
            name=self.cleaned_data["name"],
            settings={name: getattr(own, name) for name in own.__slots__},
            group_rules=self.cleaned_data.get("group_rules", []),
            email_domains=self.cleaned_data["email_domains"],
            creates_accounts=not self.cleaned_data["existing_only"],
            secret=self.cleaned_data["client_secret"] or None,
            document=self._document,
        )


class SamlForm(ConnectionForm):
    """What comes from the metadata of the provider, and which attributes count."""

    metadata_url = forms.CharField(
        label="URL of the metadata of the provider",
        required=False,
        max_length=2_000,
        help_text="Fetched now, once.",
    )
    metadata = forms.CharField(
        label="Or the metadata itself",
        required=False,
        max_length=MAX_BYTES,
        widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false"}),
    )
    subject_attribute = forms.CharField(
        label="Attribute that identifies people",
        required=False,
        max_length=300,
        help_text="It must never change, and never be given to another person. Leave empty for the"
        " NameID.",
    )
    email_attribute = forms.CharField(
        label="Attribute with the email address", required=False, max_length=300
    )
    name_attribute = forms.CharField(
        label="Attribute with the user name", required=False, max_length=300
    )
    groups_attribute = forms.CharField(
        label="Attribute with groups", max_length=300, initial="groups"
    )
    field_order = ("name", "metadata_url", "metadata", "subject_attribute", "name_attribute", "email_attribute", "email_domains", "groups_attribute", "group_rules", "existing_only")  # fmt: skip

    def __init__(self, *args: Any, connection: SsoConnection | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._connection = connection
        if connection is not None:
            self.fields[
                "metadata_url"
            ].help_text = "Fetched now, once. Leave both empty to keep what was imported."

    def clean(self) -> dict[str, Any]:
        """Read the metadata, or take what was imported before."""
        values = super().clean() or {}
        if self.errors:
            return values
        try:
            content = values["metadata"].strip().encode()
            if url := values["metadata_url"]:
                content = fetch_text(require_provider_url(url, "URL of the metadata"))
            if content:
                self._provider = parse_metadata(content)
            elif self._connection is not None:
                names = ("entity_id", "sign_in_url", "sign_out_url", "certificates")
                self._provider = {name: self._connection.settings[name] for name in names}
            else:
                self.add_error("metadata_url", "Enter the URL of the metadata, or the metadata.")
        except (ConnectionSettingsError, SsoRefusedError) as error:
            self.add_provider_error(error)
        return values

    def build_values(self) -> ConnectionValues:
        """The values for the actions."""
        values = self.cleaned_data
        names = ("subject_attribute", "email_attribute", "name_attribute", "groups_attribute")
        return ConnectionValues(
            name=values["name"],
            settings={**self._provider, **{name: values[name] for name in names}},
            group_rules=values.get("group_rules", []),
            email_domains=values["email_domains"],
            creates_accounts=not values["existing_only"],
        )


def build_form(
    kind: str,
    data: Any = None,
    connection: SsoConnection | None = None,
    *,
    organization: Organization | None = None,
) -> OidcForm | SamlForm:
    """The form of the protocol, with the settings of the connection."""
    initial: dict[str, Any] = {}
    if connection is not None:
        initial = {
            **connection.settings,
            "name": connection.name,
            "existing_only": not connection.creates_accounts,
            "email_domains": "\n".join(connection.email_domains),
            "group_rules": "\n".join(
                f"{rule['group']} = {rule['right']}" for rule in connection.group_rules
            ),
        }
    if kind == SsoConnection.OIDC:
        return OidcForm(data, initial=initial or None, organization=organization)
    return SamlForm(data, initial=initial or None, connection=connection, organization=organization)
