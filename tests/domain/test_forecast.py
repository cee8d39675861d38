from datetime import date
from fractions import Fraction

from nps.domain.forecast import forecast, traffic_plan
from nps.domain.nps_score import Coverage
from nps.domain.wording import forecast_words

from .build import calendar


def test_what_is_possible_is_bounded_by_the_clients_and_by_the_minutes():
    so_far, today = Coverage(131, 260), date(2026, 11, 18)

    by_minutes = forecast(so_far, 129, used_s=812 * 60, left_s=448 * 60, calendars=[], today=today)
    assert (by_minutes.needed, by_minutes.possible) == (64, 72)

    by_clients = forecast(so_far, 40, used_s=812 * 60, left_s=448 * 60, calendars=[], today=today)
    assert by_clients.possible == 40


def test_before_the_first_interview_a_minute_each_is_planned():
    assert forecast(Coverage(0, 100), 100, 0, 1800, [], date(2026, 11, 3)).possible == 30


def test_the_last_day_for_new_clients_is_the_one_before_the_last_calling_day():
    found = forecast(Coverage(688, 1200), 400, 60, 10**6, [calendar()], date(2026, 11, 18))
    assert found.last_day_for_new == date(2026, 11, 25)


def test_with_several_regions_the_earliest_last_day_counts():
    both = [calendar(), calendar(last=19)]
    assert forecast(Coverage(0, 10), 10, 0, 600, both, date(2026, 11, 17)).last_day_for_new == date(2026, 11, 18)
    assert forecast(Coverage(0, 10), 10, 0, 600, both, date(2026, 11, 19)).last_day_for_new is None


def test_the_forecast_in_words():
    today = date(2026, 11, 18)
    going = forecast(Coverage(688, 1200), 340, 688 * 60, 10**6, [calendar()], today)
    assert (
        forecast_words(going, today)
        == "осталось опросить 212, возможно ещё 340, последний день для новых — среда, 25 ноября"
    )
    assert forecast_words(going, date(2025, 12, 30)).endswith("последний день для новых — среда, 25 ноября 2026 года")
    late = forecast(Coverage(688, 1200), 340, 688 * 60, 10**6, [calendar()], date(2026, 11, 26))
    assert forecast_words(late, today) == "осталось опросить 212, возможно ещё 340, новых начинать поздно"
    done = forecast(Coverage(900, 1200), 5, 900 * 60, 10**6, [calendar()], today)
    assert forecast_words(done, today) == "порог 75 % достигнут, возможно ещё 5"


def test_the_price_of_an_interview_says_what_the_minutes_are_enough_for():
    plan = traffic_plan(Coverage(131, 260), 812 * 60, 812 * 60, 1260 * 60)
    assert [round(float(seconds / 60), 4) for seconds in (plan.per_survey_s, plan.target_s, plan.spare_s)] == [
        6.1985, 1208.7023, 51.2977,
    ]  # fmt: skip
    assert traffic_plan(Coverage(0, 260), 600, 600, 1260 * 60) is None
    short = traffic_plan(Coverage(10, 100), 600, 1200, 3000)
    assert short.spare_s == Fraction(3000 - 1200 - 65 * 60)
