"""How well each operator's calls were made, by the reviews of them: for the call centre, not for its customer."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from nps.domain.quality import Rate
from nps.models import QualityReview
from nps.queries.reports.slices import EVERYTHING, Slice
from nps.queries.reports.views import attempts


def rates_of(session: Session, campaign_id: int, where: Slice = EVERYTHING) -> dict[int, Rate]:
    """What the finished reviews of a campaign's calls add up to, by operator.

    An operator whose calls nobody has reviewed is left out; a slice is about the calls, not about the day of a review.
    """
    rows = session.execute(
        select(attempts.c.operator_id, func.count(), func.sum(QualityReview.points), func.sum(QualityReview.most))
        .select_from(QualityReview)
        .join(attempts, attempts.c.id == QualityReview.attempt_id)
        .where(QualityReview.campaign_id == campaign_id, QualityReview.finished_at.is_not(None), *where.of_calls())
        .group_by(attempts.c.operator_id)
    )
    return {operator_id: Rate(reviews, int(points), int(most)) for operator_id, reviews, points, most in rows}
