"""The OpenAPI document against the server: generated calls, valid and invalid.

Two runs over every operation. In the first all values are generated, so most paths do not exist; in
the second the generated queries and bodies go to a plugin that exists. A third sends real packages
in generated forms. The calls are derived from the document alone: every run sends the same.
"""

from __future__ import annotations

from typing import Any

import hypothesis
import pytest
import schemathesis
from django.core.wsgi import get_wsgi_application
from django.utils import timezone
from hypothesis import assume
from schemathesis.checks import not_a_server_error
from schemathesis.config import SchemathesisConfig
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from plugport.spec.names import PLUGIN_PATH_WORDS
from registry.api.schema import build_document
from registry.models import Plugin
from tests.support.people import create_api_token
from tests.support.publishing import Publisher, build_package
from tests.support.runs import is_quick_run

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_module_packages")]
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
# 25 with the profile `full`, which also tries the boundary values of each parameter.
_MAX_EXAMPLES = hypothesis.settings.default.max_examples // 4
CONFIG = SchemathesisConfig.from_dict(
    {
        "generation": {"deterministic": True, "max-examples": _MAX_EXAMPLES, "database": "none"},
        "phases": {
            "stateful": {"enabled": False},
            "coverage": {"enabled": not is_quick_run()},
        },
    }
)
schema = schemathesis.openapi.from_dict(build_document(), config=CONFIG)
schema.app = get_wsgi_application()


@pytest.fixture(scope="module")
def token(module_publisher: Publisher) -> str:
    """A token of the owner of `@ada/chat`, which has every kind of data."""
    publish = module_publisher.publish
    publish("base")
    publish(
        "@ada/chat",
        "1.0.0",
        tags=["chat"],
        categories=["messaging"],
        homepage="https://x.example.test/",
        dependencies={"plugins": {"base": "*"}, "packages": {"x": "1"}, "peer": {"y": "2"}},
        engine={"node": ">=20"},
        framework="^1.0.0",
        permissions={"network": ["*.example.test"]},
        unknownField=1,
    )
    publish("@ada/chat", "2.0.0-rc.1", tag="next", changelog="Soon.")
    Plugin.objects.update(featured_at=timezone.now())
    return create_api_token(module_publisher.actor)


def _make_headers(token: str) -> dict[str, str]:
    """Without compression, which clients that call WSGI do not decode."""
    return {"Authorization": f"Bearer {token}", "Accept-Encoding": "identity"}


@schema.parametrize()
def test_generated_calls(case: Any, token: str) -> None:
    # These are paths of other operations.
    values = case.path_parameters or {}
    assume(values.get("name") not in ("featured", "popular", "recent"))
    assume(values.get("version") not in PLUGIN_PATH_WORDS)
    case.call_and_validate(
        headers=_make_headers(token),
        checks=[*CHECKS, negative_data_rejection, unsupported_method],
    )


@schema.parametrize()
def test_calls_with_existing_names(case: Any, token: str) -> None:
    real = {"name": "@ada/chat", "version": "1.0.0"}
    case.path_parameters = {
        name: real.get(name, value) for name, value in (case.path_parameters or {}).items()
    }
    case.call_and_validate(headers=_make_headers(token), checks=CHECKS)


@schema.include(operation_id="publishRelease").parametrize()
def test_forms_with_a_package(case: Any, token: str) -> None:
    if isinstance(case.body, dict) and "package" in case.body:
        case.body["package"] = build_package("@ada/chat", "3.0.0")
    # No worker runs in this test, so waiting never ends early.
    case.query = {name: value for name, value in (case.query or {}).items() if name != "wait"}
    case.call_and_validate(headers=_make_headers(token), checks=CHECKS)
