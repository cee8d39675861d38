"""The wave played to its end: what bounds it, what each lever changes, and how it is said."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nps.domain import prospect_words
from nps.domain.nps_score import Coverage
from nps.domain.prospect import Ending, Lever, Prospect, Situation, Slot, Waiting, prospect

DAYS = (date(2026, 11, 18), date(2026, 11, 19), date(2026, 11, 24), date(2026, 11, 25), date(2026, 11, 26))
SECONDS = (60.0, 60.0, 0.0, 0.0, 60.0)


def plain(text: str) -> str:
    """The words with spaces of one kind."""
    return text.replace("\u202f", " ").replace("\xa0", " ")


def slots(days: tuple[date, ...] = DAYS) -> tuple[Slot, ...]:
    return tuple(Slot(day, half, frozenset({"perm"})) for day in days for half in (0, 1))


def situation(**changed: object) -> Situation:
    """400 of 1,000 surveyed with 40 of a hundred dials, 80 dials a half-day, 600 clients never called."""
    start = Situation(
        coverage=Coverage(400, 1000),
        used_s=30_000,
        limit_s=75_600,
        waiting={"perm": Waiting(new=600)},
        slots=slots(),
        tallies={(0, "perm", 0): (200, 30, 10, 230, 30), (0, "perm", 1): (200, 30, 10, 230, 30)},
        room=(80,) * 6,
        seconds=SECONDS,
        operators=4,
    )
    return replace(start, **changed)  # type: ignore[arg-type]


def test_before_enough_dials_there_is_nothing_to_go_by():
    assert prospect(situation(tallies={(0, "perm", 0): (10, 2, 1, 10, 2)})) is None
    assert prospect(situation(room=())) is None
    assert prospect(situation(coverage=Coverage(0, 0))) is None


def test_the_days_bound_the_wave():
    found = prospect(situation())
    assert found.ending.stopped_by == "days"
    assert 600 < found.ending.surveyed < 400 + 800, "ten half-days of eighty dials"
    assert found.low <= found.ending.surveyed <= found.high
    assert not found.reached and found.ending.day is None and found.chance < 0.5


def test_the_minutes_bound_the_wave():
    found = prospect(situation(limit_s=40_000))
    assert found.ending.stopped_by == "minutes"
    assert found.ending.used_s <= 40_000 + 60 and found.used_high_s <= 40_000 + 600


def test_from_95_percent_of_the_minutes_no_new_client_is_called():
    found = prospect(situation(used_s=72_000, limit_s=75_600))
    assert found.ending.surveyed == 400


def test_the_clients_bound_the_wave():
    found = prospect(situation(waiting={"perm": Waiting(new=20)}))
    assert found.ending.stopped_by == "clients"
    assert found.ending.surveyed < 420


def test_the_day_is_the_first_on_which_three_quarters_are_surveyed():
    found = prospect(situation(coverage=Coverage(700, 1000), waiting={"perm": Waiting(new=300)}))
    assert found.ending.day == DAYS[0] or found.ending.day == DAYS[1]
    assert found.chance > 0.9 and found.reached
    assert prospect_words.headline(found, 2026).startswith("Успеваем: 75 % — в ")


def test_without_a_window_the_wave_ends_as_it_stands():
    found = prospect(situation(slots=()))
    assert (found.ending.surveyed, found.low, found.high, found.ending.stopped_by) == (400, 400, 400, "days")
    assert {lever.code for lever in found.levers} == {"operator", "minutes"}


def test_a_region_that_never_opens_again_waits_for_nothing():
    closed = prospect(situation(waiting={"perm": Waiting(new=0), "tatarstan": Waiting(new=600)}))
    assert closed.ending.surveyed == 400


def test_repeats_go_before_new_clients():
    rates = {(2, "perm", half): (90, 5, 0, 5, 0) for half in (0, 1)}
    full = situation(waiting={"perm": Waiting(new=600, two=80)}, slots=slots()[:1])
    tallies = {**full.tallies, **rates}
    assert prospect(replace(full, tallies=tallies)).ending.surveyed > 400 + 60


def test_each_lever_leads_further_or_nowhere():
    found = prospect(situation(soft=0.5))
    levers = {lever.code: lever.ending.surveyed - found.ending.surveyed for lever in found.levers}
    assert levers["operator"] > 50, "the days are short: people help"
    assert levers["day"] > 20
    assert levers["minutes"] == pytest.approx(0, abs=1e-6), "minutes are not what is missing"
    assert levers["soft"] > -1


def test_the_same_wave_has_the_same_prospect():
    assert prospect(situation()) == prospect(situation())


@settings(max_examples=25, deadline=None)
@given(
    st.integers(0, 900), st.integers(0, 300), st.integers(0, 300), st.integers(1, 200), st.integers(0, 80_000),
)  # fmt: skip
def test_no_course_surveys_more_than_there_are_or_talks_longer_than_allowed(new, one, two, room, used):
    found = prospect(situation(waiting={"perm": Waiting(new=new, one=one, two=two)}, room=(room,) * 4, used_s=used))
    for surveyed in (found.low, found.high, found.ending.surveyed):
        assert 400 - 1e-6 <= surveyed <= 400 + new + one + two + 1e-6
    assert found.ending.used_s <= max(used, 75_600) + 120
    assert 0 <= found.chance <= 1


def said(found: object) -> str:
    return prospect_words.headline(found, 2026) + " " + " ".join(prospect_words.details(found, 75_600))  # type: ignore[arg-type]


def test_the_forecast_says_the_answer_first_and_what_is_missing():
    text = plain(said(prospect(situation())))
    assert text.startswith("Скорее не успеваем: к концу волны ждём 72,0")
    assert "дальше кончатся дни звонков" in text and "из 1 260" in text and "До 75 % не хватит" in text


def test_levers_are_said_with_what_they_bring():
    found = prospect(situation(coverage=Coverage(560, 1000), waiting={"perm": Waiting(new=440)}))
    words = {lever.code: prospect_words.lever_words(lever, found, 2026) for lever in found.levers}
    assert words["operator"].startswith("Ещё один оператор — ")
    assert words["minutes"] == "Ещё 100 минут — ничего не изменит."
    late = prospect(situation(slots=slots((DAYS[0], DAYS[0] + timedelta(days=1)))))
    assert "больше." in " ".join(prospect_words.lever_words(lever, late, 2026) for lever in late.levers)


def foreseen(day: date | None, surveyed: float = 700, chance: float = 0.5) -> Prospect:
    """A prospect of 1,000 clients with these figures of its end."""
    ending = Ending(surveyed, 30_000, day, "minutes" if day is None else "days")
    return Prospect(1000, ending, 690, 710, 29_000, 31_000, chance, ())


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (foreseen(date(2026, 11, 26), chance=0.8), "Успеваем: 75 % — в четверг, 26 ноября."),
        (foreseen(date(2026, 11, 25), chance=0.79), "Успеваем, но впритык: 75 % — в среду, 25 ноября."),
        (foreseen(None, chance=0.2), "Скорее не успеваем: к концу волны ждём 70,0 %."),
        (foreseen(None, chance=0.19), "Не успеваем: к концу волны ждём 70,0 %."),
    ],
)
def test_the_headline_says_how_sure_it_is(found: Prospect, words: str) -> None:
    assert plain(prospect_words.headline(found, 2026)) == words


def test_details_leave_out_what_is_not_missing() -> None:
    reached = [plain(line) for line in prospect_words.details(foreseen(date(2026, 11, 26), 760), 75_600)]
    assert reached == [
        "К концу волны ждём 76,0 % (от 69,0 % до 71,0 %): дальше кончатся дни звонков.",
        "Минут уйдёт 500 (от 483 до 516) из 1 260.",
    ]
    missed = [plain(line) for line in prospect_words.details(foreseen(None, 749), 75_600)]
    assert missed[0] == "С вероятностью 80 % — от 69,0 % до 71,0 %: дальше кончатся минуты."
    assert missed[2] == "До 75 % не хватит 1 анкеты."
    assert len(prospect_words.details(foreseen(None, 750), 75_600)) == 2


def test_a_lever_is_said_by_the_day_it_brings_or_by_what_it_adds() -> None:
    def said(day: date | None, surveyed: float, found: Prospect) -> str:
        return plain(prospect_words.lever_words(Lever("day", Ending(surveyed, 0, day, "days")), found, 2026))

    thursday = date(2026, 11, 26)
    assert said(thursday, 760, foreseen(None)) == "Ещё один день звонков — 75 % в четверг, 26 ноября."
    assert said(thursday, 702, foreseen(thursday)) == "Ещё один день звонков — 70,2 %, на 2 анкеты больше."
    assert said(None, 701, foreseen(None)) == "Ещё один день звонков — 70,1 %, на 1 анкету больше."
    assert said(None, 700.9, foreseen(None)) == "Ещё один день звонков — ничего не изменит."
