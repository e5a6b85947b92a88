"""Validate the OpenAPI document of the API."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from pathlib import Path

import django
from openapi_spec_validator import OpenAPIV31SpecValidator

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

document = import_module("registry.api.schema").build_document()
errors = [f"{list(e.path)}: {e.message}" for e in OpenAPIV31SpecValidator(document).iter_errors()]
operations = [
    (path, method, operation)
    for path, methods in document["paths"].items()
    for method, operation in methods.items()
]
ids = [operation.get("operationId") for _, _, operation in operations]
errors += [f"two operations have the id {name}" for name in set(ids) if ids.count(name) > 1]
errors += [
    f"{method.upper()} {path} has no description"
    for path, method, operation in operations
    if not operation.get("description")
]
print("\n".join(errors) or f"{len(operations)} operations are valid")
sys.exit(bool(errors))
