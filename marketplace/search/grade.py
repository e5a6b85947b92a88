"""The grade of a plugin's ratings: their Bayesian average, which lists by rating are ordered by.

The mean of one rating says nearly nothing, that of a thousand nearly everything. So ratings count
as if some people had given the usual grade before. Both numbers are fixed: the mean of the whole
catalogue would move every plugin whenever one is rated.
"""

from __future__ import annotations

from django.db.models import ExpressionWrapper, F, FloatField

USUAL_VOTES, USUAL_GRADE = 10, 3.5

# The same, worked out by the database; where it is equal, the plugin that was there first.
GRADE = ExpressionWrapper(
    (USUAL_VOTES * USUAL_GRADE + F("rating") * F("rating_count"))
    / (USUAL_VOTES + F("rating_count")),
    output_field=FloatField(),
)
BY_GRADE = (GRADE.desc(), "id")


def compute_grade(rating: float, votes: int) -> float:
    """From 1 to 5: what `votes` ratings, `rating` on average, are worth. 3.5 without any."""
    return (USUAL_VOTES * USUAL_GRADE + votes * rating) / (USUAL_VOTES + votes)
