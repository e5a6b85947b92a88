"""A registry as its own processes."""

from tests.support.server import live_registry  # noqa: F401 -- a fixture
