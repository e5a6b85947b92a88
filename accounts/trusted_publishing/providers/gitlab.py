"""GitLab CI/CD, on gitlab.com and self-managed.

Claims: https://docs.gitlab.com/ci/secrets/id_token_authentication/
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
_PROJECT = re.compile(r"[A-Za-z0-9_.-]{1,255}(?:/[A-Za-z0-9_.-]{1,255}){1,20}\Z")
_FILE = re.compile(r"[A-Za-z0-9_./-]{1,200}\.ya?ml\Z")
# A merge request can run code of a fork in the name of the project.
_REFUSED_SOURCES = frozenset({"merge_request_event", "external_pull_request_event"})


class GitLabProvider:
    """Trusts one CI configuration file of one project."""

    key, label = "gitlab", "GitLab CI/CD"

    def list_errors(self, configuration: Configuration) -> list[FieldError]:
        """Project `group/project`, and the file, by default `.gitlab-ci.yml`."""
        project, file = configuration.repository, configuration.workflow
        return [
            *list_path_errors(
                "repository",
                project,
                allowed="`group/project`",
                is_valid=bool(_PROJECT.match(project)) and ".." not in project,
            ),
            *list_path_errors(
                "workflow",
                file,
                allowed="the path of the CI configuration, such as `.gitlab-ci.yml`",
                is_valid=bool(_FILE.match(file)) and ".." not in file,
            ),
            *list_id_errors(configuration),
        ]

    def find_ids(self, configuration: Configuration) -> Ids:
        """The ids of a public project and of its namespace."""
        # Imported here: models import this module, and the HTTP client is slow to import.
        from accounts.trusted_publishing.keys import fetch_json

        base = configuration.issuer.rstrip("/")
        try:
            found = fetch_json(f"{base}/api/v4/projects/{quote(configuration.repository, safe='')}")
            return Ids(str(found["id"]), str(found["namespace"]["id"]))
        except (PlugportError, KeyError, TypeError):
            _log.info("repository_unknown", repository=configuration.repository)
            return Ids()

    def check_event(self, claims: Mapping[str, Any]) -> None:
        """Refuse pipelines of merge requests."""
        source = get_text(claims, "pipeline_source")
        if source in _REFUSED_SOURCES:
            raise AssertionRefusedError(
                "refused-event",
                f"Pipelines of the source `{source}` may not publish: they can run code of strangers.",
                hint="Publish in pipelines of tags or protected branches.",
            )

    def build_filter(self, claims: Mapping[str, Any]) -> dict[str, str]:
        """By the project, whose id is always configured."""
        return {"repository_id": get_text(claims, "project_id")}

    def matches(self, configuration: Configuration, claims: Mapping[str, Any]) -> bool:
        """Compare the ids, the file and the environment."""
        ids = self.read_ids(claims)
        # `host/group/project//path/of/file.yml@refs/heads/main`
        location, _, _ = get_text(claims, "ci_config_ref_uri").partition("@")
        project, _, file = location.partition("//")
        is_own_file = project.endswith("/" + get_text(claims, "project_path"))
        environment = configuration.environment
        return bool(
            ids.repository
            and ids.repository == configuration.repository_id
            and ids.owner
            and configuration.owner_id in ("", ids.owner)
            and is_own_file
            and file == configuration.workflow
            and (not environment or get_text(claims, "environment") == environment)
        )

    def read_ids(self, claims: Mapping[str, Any]) -> Ids:
        """The ids of the project and of its namespace."""
        return Ids(get_text(claims, "project_id"), get_text(claims, "namespace_id"))

    def get_code_host(self, issuer: str) -> str:
        """That of the issuer."""
        return urlsplit(issuer).netloc.lower()

    def read_namespace(self, issuer: str, claims: Mapping[str, Any]) -> str:
        """The group or account directly above the project."""
        path, _, _ = get_text(claims, "project_path").rpartition("/")
        return f"{self.get_code_host(issuer)}/{get_text(claims, 'namespace_path') or path}"

    def find_namespace_id(self, issuer: str, namespace: str) -> str:
        """Of a public group. Accounts of people have other ids as accounts than as namespaces."""
        from accounts.trusted_publishing.keys import fetch_json

        url = f"{issuer.rstrip('/')}/api/v4/groups/{quote(namespace, safe='')}?with_projects=false"
        try:
            return str(fetch_json(url)["id"])
        except (PlugportError, KeyError, TypeError):
            return ""

    def describe_run(self, issuer: str, claims: Mapping[str, Any]) -> dict[str, str]:
        """Project, commit, file, and the address of the job."""
        project, job = get_text(claims, "project_path"), get_text(claims, "job_id")
        is_linkable = is_safe_path(project) and job.isascii() and job.isdecimal()
        location, _, _ = get_text(claims, "ci_config_ref_uri").partition("@")
        return select_facts(
            repository=project,
            commit=get_text(claims, "sha"),
            ref=get_text(claims, "ref_path") or get_text(claims, "ref"),
            workflow=location.partition("//")[2],
            environment=get_text(claims, "environment"),
            url=f"{issuer.rstrip('/')}/{project}/-/jobs/{job}" if is_linkable else "",
        )
