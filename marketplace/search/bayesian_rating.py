"""The grade of a plugin: the Bayesian average of its ratings, by which lists are ordered.

The mean of a single rating is unreliable, that of a thousand is not. So ratings count as if
`PRIOR_VOTES` people had already rated the plugin `PRIOR_GRADE`. Both are constants: with the mean
of all ratings as the prior, every rating would change the order of all plugins.
"""

from __future__ import annotations

from django.db.models import ExpressionWrapper, F, FloatField

PRIOR_VOTES, PRIOR_GRADE = 10, 3.5

# The database's version of `compute_grade`.
GRADE = ExpressionWrapper(
    (PRIOR_VOTES * PRIOR_GRADE + F("rating") * F("rating_count"))
    / (PRIOR_VOTES + F("rating_count")),
    output_field=FloatField(),
)
ORDER_BY_GRADE = (GRADE.desc(), "id")


def compute_grade(rating: float, votes: int) -> float:
    """The grade, from 1 to 5, of `votes` ratings with the mean `rating`; 3.5 without votes."""
    return (PRIOR_VOTES * PRIOR_GRADE + votes * rating) / (PRIOR_VOTES + votes)
