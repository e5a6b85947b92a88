"""Django's settings for the libraries of the API. Part of `config.settings`, so it imports no models."""

from __future__ import annotations

from typing import Any

REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["accounts.api.authentication.TokenAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.AllowAny"],
    "DEFAULT_RENDERER_CLASSES": ["common.api.rendering.JsonRenderer"],
    "DEFAULT_PARSER_CLASSES": ["common.api.rendering.JsonParser"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "common.api.rendering.JsonNegotiation",
    "DEFAULT_SCHEMA_CLASS": "registry.api.schema.ProblemSchema",
    "EXCEPTION_HANDLER": "config.problems.handle_api_exception",
    "UNAUTHENTICATED_USER": None,
}


def build_openapi_settings(base_url: str) -> dict[str, Any]:
    """`SPECTACULAR_SETTINGS`, the settings of the OpenAPI document."""
    return {
        "TITLE": "Plugport API",
        "DESCRIPTION": "Find, publish and download plugins. Errors are RFC 9457 problem documents.",
        "VERSION": "1",
        "OAS_VERSION": "3.1.1",
        "SCHEMA_PATH_PREFIX": "/api/v1",
        "SERVE_URLCONF": "marketplace.api.mounted",
        "SERVE_INCLUDE_SCHEMA": False,
        "COMPONENT_SPLIT_REQUEST": True,
        "SERVERS": [{"url": base_url}],
        "PREPROCESSING_HOOKS": ["registry.api.schema.keep_versioned_paths"],
        "POSTPROCESSING_HOOKS": ["registry.api.schema.add_common_definitions"],
        "SWAGGER_UI_DIST": "SIDECAR",
        "SWAGGER_UI_FAVICON_HREF": "/static/icons/mark.svg",
    }
