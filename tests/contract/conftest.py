"""Assertions of the shared contracts say what they compared."""

import pytest

pytest.register_assert_rewrite("tests.contract.search_engine")
