"""Branches, regions and waves against each other, with tests that know how many comparisons are made."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from nps.domain.actor import Actor
from nps.domain.nps_score import Group, NpsScore, classify
from nps.domain.survey_statistics import comparison
from nps.domain.survey_statistics.comparison import LEAST_COMPARED, Difference, Homogeneity
from nps.domain.survey_statistics.intervals import Interval, by_score
from nps.models import Interview
from nps.queries.campaigns import CampaignRow, campaigns_of
from nps.queries.reports.answers import ratings_by_place, score_of_groups
from nps.queries.reports.clients import ClientCounts, Place, base_of
from nps.queries.reports.frozen import frozen_wave
from nps.queries.reports.slices import EVERYTHING, seen_by
from nps.queries.reports.views import respondents


@dataclass(frozen=True, slots=True)
class Pair:
    """Two places whose scores were compared; `p` is corrected by Holm for the number of pairs."""

    first: str
    second: str
    difference: Difference
    p: float

    @property
    def is_significant(self) -> bool:
        return self.p < comparison.SIGNIFICANT


@dataclass(frozen=True, slots=True)
class PlaceComparison:
    """Places with enough questionnaires; whether they differ at all, in score and in shares of the groups; all pairs.

    `left_out`: places with too few questionnaires.
    """

    compared: int
    left_out: tuple[str, ...]
    together: Homogeneity | None
    composition: Homogeneity | None
    pairs: tuple[Pair, ...]

    @property
    def significant(self) -> tuple[Pair, ...]:
        """Pairs are looked at only when the places differ together."""
        if self.together is None or self.together.p >= comparison.SIGNIFICANT:
            return ()
        return tuple(pair for pair in self.pairs if pair.is_significant)


@dataclass(frozen=True, slots=True)
class Panel:
    """Clients who answered in both waves: how many, and how much their score has changed since the earlier one."""

    clients: int
    before: NpsScore
    after: NpsScore
    change: Difference | None


@dataclass(frozen=True, slots=True)
class Wave:
    """A wave beside the one that is looked at: `change`: this wave's score less its own; `panel`: clients of both.

    A closed wave stands with the figures it was closed with; `frozen_at` is when, None for figures of this moment.
    """

    campaign: CampaignRow
    clients: ClientCounts
    score: NpsScore
    interval: Interval | None
    change: Difference | None
    panel: Panel | None
    frozen_at: datetime | None = None


def compare_places(places: Sequence[Place]) -> PlaceComparison:
    """Test whether places differ: all together first, then every pair."""
    known = [place for place in places if place.score.n >= LEAST_COMPARED]
    names = {place.key: place.name for place in known}
    found = comparison.pairs({place.key: place.score for place in known})
    return PlaceComparison(
        compared=len(known),
        left_out=tuple(place.name for place in places if place not in known),
        together=comparison.homogeneity([place.score for place in known]),
        composition=comparison.composition([place.score for place in known]),
        pairs=tuple(Pair(names[a], names[b], seen, p) for a, b, seen, p in found),
    )


def waves_of(session: Session, actor: Actor, campaign: CampaignRow) -> tuple[Wave, ...]:
    """The waves of the campaign's contract that this person may see, the newest first, this one among them."""
    own_score = _figures(session, actor, campaign)[1]
    found = []
    for other in campaigns_of(session, actor):
        if other.contract_id != campaign.contract_id or other.purpose != campaign.purpose:
            continue
        clients, score, frozen_at = _figures(session, actor, other)
        is_other = other.id != campaign.id and score.n and own_score.n
        found.append(
            Wave(
                campaign=other,
                clients=clients,
                score=score,
                interval=by_score(score) if score.n else None,
                change=comparison.difference(own_score, score) if is_other else None,
                panel=_panel(session, actor, other, campaign) if is_other else None,
                frozen_at=frozen_at,
            )
        )
    return tuple(sorted(found, key=lambda wave: (wave.campaign.starts_on, wave.campaign.id), reverse=True))


def _figures(session: Session, actor: Actor, campaign: CampaignRow) -> tuple[ClientCounts, NpsScore, datetime | None]:
    """Base and score of a wave: of a closed one as it was closed, with the moment of that."""
    seen = seen_by(actor, campaign, EVERYTHING)
    kept = frozen_wave(session, campaign.id, seen) if campaign.closed_at else None
    if kept is not None:
        return kept.clients, kept.score, kept.row.taken_at
    score = score_of_groups(ratings_by_place(session, campaign.id, seen))
    return base_of(session, campaign.id).total, score, None


def _panel(session: Session, actor: Actor, one: CampaignRow, other: CampaignRow) -> Panel | None:
    """Clients of both waves who answered in both, as the base knows them: same INN, phone and contact (R2)."""
    earlier, later = sorted((one, other), key=lambda wave: (wave.starts_on, wave.id))
    before, after = respondents.alias("before"), respondents.alias("after")
    first, second = aliased(Interview), aliased(Interview)
    rows = session.execute(
        select(first.rating, second.rating)
        .select_from(before)
        .join(after, after.c.identity == before.c.identity)
        .join(first, first.respondent_id == before.c.id)
        .join(second, second.respondent_id == after.c.id)
        .where(
            before.c.campaign_id == earlier.id,
            after.c.campaign_id == later.id,
            first.replaced_at.is_(None),
            second.replaced_at.is_(None),
            *((first.checked_at.is_not(None),) if seen_by(actor, earlier, EVERYTHING).checked_only else ()),
            *((second.checked_at.is_not(None),) if seen_by(actor, later, EVERYTHING).checked_only else ()),
        )
    ).all()
    if not rows:
        return None
    moves = Counter((classify(was), classify(now)) for was, now in rows)
    return Panel(
        len(rows), _of(Counter(was for was, _ in moves.elements())), _of(Counter(now for _, now in moves.elements())),
        comparison.panel(moves),
    )  # fmt: skip


def _of(groups: Counter[Group]) -> NpsScore:
    return NpsScore(groups[Group.PROMOTER], groups[Group.PASSIVE], groups[Group.DETRACTOR])
