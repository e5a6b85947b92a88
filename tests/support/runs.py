"""The thoroughness of a test run."""

from __future__ import annotations

import hypothesis


def is_quick_run() -> bool:
    """Whether tests try fewer examples, with the Hypothesis profile `quick`. CI never does."""
    return hypothesis.settings.get_current_profile_name() == "quick"
