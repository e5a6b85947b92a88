"""GitHub Actions, on github.com and on GitHub Enterprise Server.

Claims: https://docs.github.com/en/actions/reference/security/oidc
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlsplit

import structlog

from accounts.errors import AssertionRefusedError
from accounts.trusted_publishing.providers.base import (
    Configuration,
    Ids,
    get_text,
    is_safe_path,
    list_id_errors,
    list_path_errors,
    select_facts,
)
from plugport.spec.errors import FieldError, PlugportError

_log = structlog.get_logger("plugport.identity")
PUBLIC_ISSUER = "https://token.actions.githubusercontent.com"
_REPOSITORY = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})/[A-Za-z0-9_.-]{1,100}\Z")
_FILE = re.compile(r"[A-Za-z0-9_.-]{1,100}\.ya?ml\Z")
_FOLDER = "/.github/workflows/"
# They run in the name of the repository, with code or input of somebody outside of it.
_REFUSED_EVENTS = frozenset({"pull_request_target", "workflow_run", "issue_comment"})


class GitHubProvider:
    """Trusts one workflow file of one repository, or a reusable workflow that it calls."""

    key, label = "github", "GitHub Actions"

    def list_errors(self, configuration: Configuration) -> list[FieldError]:
        """Repository `owner/name`, workflow `release.yml` or the full path of a reusable one."""
        repository, workflow = configuration.repository, configuration.workflow
        prefix, folder, file = workflow.rpartition(_FOLDER)
        is_file = bool(_FILE.match(file if folder else workflow))
        return [
            *list_path_errors(
                "repository",
                repository,
                allowed="`owner/name`",
                is_valid=bool(_REPOSITORY.match(repository)),
            ),
            *list_path_errors(
                "workflow",
                workflow,
                allowed="a file in `.github/workflows`, such as `release.yml`; for a reusable workflow"
                " `owner/name/.github/workflows/file.yml`",
                is_valid=is_file and (not folder or bool(_REPOSITORY.match(prefix))),
            ),
            *list_id_errors(configuration),
        ]

    def find_ids(self, configuration: Configuration) -> Ids:
        """Both ids of a public repository; of a private one that of its owner."""
        # Imported here: models import this module, and the HTTP client is slow to import.
        from accounts.trusted_publishing.keys import fetch_json

        owner, _, _ = configuration.repository.partition("/")
        api = _build_api_url(configuration.issuer)
        try:
            found = fetch_json(f"{api}/repos/{configuration.repository}")
            return Ids(str(found["id"]), str(found["owner"]["id"]))
        except (PlugportError, KeyError, TypeError):
            _log.info("repository_unknown", repository=configuration.repository)
        return Ids("", self.find_namespace_id(configuration.issuer, owner))

    def check_event(self, claims: Mapping[str, Any]) -> None:
        """Refuse `pull_request_target` and its like."""
        event = get_text(claims, "event_name")
        if event in _REFUSED_EVENTS:
            raise AssertionRefusedError(
                "refused-event",
                f"Jobs of the event `{event}` may not publish: they can run code of strangers.",
                hint="Publish on `push`, `release` or `workflow_dispatch`.",
            )

    def build_filter(self, claims: Mapping[str, Any]) -> dict[str, str]:
        """By the owner, whose id is always configured."""
        return {"owner_id": get_text(claims, "repository_owner_id")}

    def matches(self, configuration: Configuration, claims: Mapping[str, Any]) -> bool:
        """Compare the ids, the file and the environment."""
        ids = self.read_ids(claims)
        repository = get_text(claims, "repository")
        # Until the id is known, the name has to fit, in the account that had it all the time.
        is_repository = (
            ids.repository == configuration.repository_id
            if configuration.repository_id
            else repository.lower() == configuration.repository.lower()
        )
        workflow = configuration.workflow
        path = workflow if _FOLDER in workflow else f"{repository}{_FOLDER}{workflow}"
        # Names of environments and accounts ignore case, file names do not.
        ran, _, _ = get_text(claims, "job_workflow_ref").partition("@")
        ran_repository, _, ran_file = ran.rpartition(_FOLDER)
        own_repository, _, own_file = path.rpartition(_FOLDER)
        environment = configuration.environment.lower()
        return bool(
            ids.repository
            and ids.owner
            and ids.owner == configuration.owner_id
            and is_repository
            and ran_file == own_file
            and ran_repository.lower() == own_repository.lower()
            and (not environment or get_text(claims, "environment").lower() == environment)
        )

    def read_ids(self, claims: Mapping[str, Any]) -> Ids:
        """The ids of the repository and of its owner."""
        return Ids(get_text(claims, "repository_id"), get_text(claims, "repository_owner_id"))

    def get_code_host(self, issuer: str) -> str:
        """That of the issuer, which differs for github.com."""
        return "github.com" if issuer == PUBLIC_ISSUER else urlsplit(issuer).netloc.lower()

    def read_namespace(self, issuer: str, claims: Mapping[str, Any]) -> str:
        """The account that owns the repository."""
        owner, _, _ = get_text(claims, "repository").partition("/")
        return f"{self.get_code_host(issuer)}/{get_text(claims, 'repository_owner') or owner}"

    def find_namespace_id(self, issuer: str, namespace: str) -> str:
        """Of the account of a person or organization."""
        from accounts.trusted_publishing.keys import fetch_json

        try:
            return str(fetch_json(f"{_build_api_url(issuer)}/users/{quote(namespace)}")["id"])
        except (PlugportError, KeyError, TypeError):
            return ""

    def describe_run(self, issuer: str, claims: Mapping[str, Any]) -> dict[str, str]:
        """Repository, commit, workflow, and the address of the run."""
        repository, run = get_text(claims, "repository"), get_text(claims, "run_id")
        host = "https://github.com" if issuer == PUBLIC_ISSUER else _get_origin(issuer)
        is_linkable = is_safe_path(repository) and run.isascii() and run.isdecimal()
        path, _, _ = get_text(claims, "job_workflow_ref").partition("@")
        return select_facts(
            repository=repository,
            commit=get_text(claims, "sha"),
            ref=get_text(claims, "ref"),
            workflow=path.removeprefix(f"{repository}/"),
            environment=get_text(claims, "environment"),
            url=f"{host}/{repository}/actions/runs/{run}" if is_linkable else "",
        )


def _get_origin(issuer: str) -> str:
    parts = urlsplit(issuer)
    return f"{parts.scheme}://{parts.netloc}"


def _build_api_url(issuer: str) -> str:
    if issuer == PUBLIC_ISSUER:
        return "https://api.github.com"
    return f"{_get_origin(issuer)}/api/v3"
