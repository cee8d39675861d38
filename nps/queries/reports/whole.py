"""What is said of a whole campaign and its contract, whatever part of it a report is about.

The contract's minutes, the forecast and the base as it was loaded can't be cut by a region or a day. Nothing here takes
a slice, so that no sentence mixes a part with the whole.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from nps.domain.forecast import Forecast, TrafficPlan, forecast, traffic_plan
from nps.domain.nps_score import Coverage
from nps.queries.campaigns import CampaignRow, calendars
from nps.queries.reports.calls import Traffic, traffic_of
from nps.queries.reports.clients import Base, ClientCounts


@dataclass(frozen=True, slots=True)
class WholeCampaign:
    """Clients of the whole base, the contract's traffic and what it is enough for.

    `of_original`: the surveyed of the base as it was loaded first; None while the customer has withdrawn nobody.
    """

    clients: ClientCounts
    of_original: Coverage | None
    traffic: Traffic
    forecast: Forecast

    @property
    def plan(self) -> TrafficPlan | None:
        """What the minutes are enough for; None before the first interview."""
        traffic = self.traffic
        return traffic_plan(self.clients.coverage, traffic.campaign_used_s, traffic.used_s, traffic.limit_s)


def whole_of(session: Session, campaign: CampaignRow, base: Base, today: date) -> WholeCampaign:
    """Count it; `base` is the whole base, `today` the office's day.

    The forecast (R3) needs calendars of the regions that have clients; one place with windows is enough.
    """
    traffic = traffic_of(session, campaign)
    keys = {place.key for place in base.regions if place.clients.clients}
    days = [calendar for code, calendar in calendars(session, campaign).items() if code in keys]
    clients, original = base.total, campaign.original_clients
    return WholeCampaign(
        clients=clients,
        of_original=Coverage(clients.surveyed, original) if clients.withdrawn and original else None,
        traffic=traffic,
        forecast=forecast(clients.coverage, clients.to_call, traffic.campaign_used_s, traffic.left_s, days, today),
    )
