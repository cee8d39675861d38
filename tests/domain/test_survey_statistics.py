"""Worked numbers of the reporting reference, computed there by other means, and what must hold for any numbers."""

import dataclasses
import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nps.domain.nps_score import Group, NpsScore, score_of
from nps.domain.survey_statistics import comparison, intervals, sample_size
from nps.domain.survey_statistics.lost_points import Mention, lost_points
from nps.domain.survey_statistics.normal import Z_998, chi_square_tail, two_sided
from nps.domain.survey_statistics.response_rates import CaseCounts
from nps.domain.survey_statistics.rounding import half_up, shares_adding_up

SET_A = NpsScore(100, 64, 36)
ONE, TWO, THREE = NpsScore(48, 20, 12), NpsScore(24, 18, 18), NpsScore(28, 26, 6)
P, N, D = Group.PROMOTER, Group.PASSIVE, Group.DETRACTOR

scores = st.builds(NpsScore, *(st.integers(0, 60),) * 3).filter(lambda score: score.n > 0)


def near(*values: float) -> object:
    return pytest.approx(values, abs=0.0001)


def ends(found: intervals.Interval | None) -> tuple[float, float]:
    assert found is not None
    return found.low, found.high


def test_the_score_of_set_a_comes_from_its_ratings():
    ratings = {1: 4, 2: 2, 3: 4, 4: 4, 5: 10, 6: 12, 7: 24, 8: 40, 9: 44, 10: 56}
    found = score_of(ratings.items())
    assert found == SET_A
    assert (found.n, found.value, found.exact) == (200, 32, Fraction(32))


@pytest.mark.parametrize("rating", [0, 11, 6.5, 8.5, "9", None])
def test_nothing_falls_between_the_groups(rating):
    with pytest.raises(ValueError, match="1 to 10"):
        score_of([(rating, 1)])


def test_one_promoter_and_silence_are_a_hundred():
    assert score_of([(10, 1)]).value == 100


def test_variance_and_error_are_those_of_one_questionnaire():
    assert intervals.variance(SET_A) == pytest.approx(0.5776)
    assert intervals.sample_variance(SET_A) == pytest.approx(0.580503, abs=1e-6)
    assert intervals.standard_error(SET_A) == pytest.approx(5.3875, abs=0.0001)
    assert ends(intervals.around(32, 5.387497158)) == near(21.4407, 42.5593)
    assert intervals.standard_error(NpsScore(1, 0, 0)) is None


def test_a_finite_base_narrows_the_error():
    error = intervals.standard_error(SET_A, 260)
    assert error == pytest.approx(2.5881, abs=0.0001)
    assert ends(intervals.around(32, error)) == near(26.9275, 37.0725)
    assert intervals.standard_error(SET_A, 200) == 0


@pytest.mark.parametrize(
    ("counts", "adjusted", "by_score"),
    [
        ((100, 64, 36), (21.0692, 41.9850), (21.0577, 42.0598)),
        ((5, 0, 0), (17.4915, 100), (13.1035, 100)),
        ((0, 5, 0), (-30.0057, 30.0057), (-43.4482, 43.4482)),
        ((3, 1, 1), (-29.7827, 79.7827), (-34.9282, 82.6421)),
        ((1, 0, 0), (-48.4986, 98.4986), (-58.6901, 100)),
        ((8, 4, 3), (-8.5179, 64.0734), (-10.1431, 65.2871)),
    ],
)
def test_intervals_without_a_base_have_width_at_any_size(counts, adjusted, by_score):
    score = NpsScore(*counts)
    assert ends(intervals.adjusted_wald(score)) == near(*adjusted)
    assert ends(intervals.by_score(score)) == near(*by_score)


def test_the_finite_interval_predicts_those_who_are_silent():
    assert intervals.finite_prediction(SET_A, 260) == near(31.8909, 2.5716)
    assert ends(intervals.finite(SET_A, 260)) == near(26.8506, 36.9312)
    assert intervals.finite_prediction(NpsScore(8, 4, 3), 20)[0] == pytest.approx(31.9444, abs=0.0001)
    assert ends(intervals.finite(NpsScore(8, 4, 3), 20)) == near(13.0021, 50)
    assert ends(intervals.finite(SET_A, 200)) == near(32, 32)
    assert intervals.finite(NpsScore(0, 0, 0), 10) is None


def test_the_interval_of_the_design_is_that_of_its_counts():
    design = NpsScore(330, 187, 95)
    assert [half_up(end) for end in ends(intervals.finite(design, 1200))] == [34, 42]
    assert [half_up(end) for end in ends(intervals.bounds(design, 1200))] == [-29, 69]


def test_silence_is_bounded_by_arithmetic():
    assert ends(intervals.bounds(SET_A, 260)) == near(1.5385, 47.6923)
    assert intervals.bounds(NpsScore(90, 60, 45), 260).width == pytest.approx(50), "three quarters surveyed"
    assert intervals.if_silent_were_passive(SET_A, 260) == pytest.approx(24.6154, abs=0.0001)


@given(scores, st.integers(0, 100))
def test_intervals_keep_their_order(score, silent):
    population = score.n + silent
    low, high = ends(intervals.bounds(score, population))
    inner = intervals.finite(score, population)
    assert -100 <= low <= inner.low + 1e-9
    assert inner.low <= inner.high + 1e-9
    assert inner.high <= high + 1e-9 <= 100 + 1e-6
    seen = intervals.by_score(score)
    assert seen.low - 1e-6 <= float(score.exact) <= seen.high + 1e-6


@pytest.mark.parametrize(
    ("part", "wilson", "goodman"),
    [
        (100, (43.1361, 56.8639), (41.6547, 58.3453)),
        (64, (25.9265, 38.7519), (24.6996, 40.3033)),
        (36, (13.2946, 23.9115), (12.4175, 25.3654)),
    ],
)
def test_shares_have_intervals_alone_and_together(part, wilson, goodman):
    assert [100 * end for end in ends(intervals.wilson(part, 200))] == near(*wilson)
    assert [100 * end for end in ends(intervals.goodman(part, 200, 3))] == near(*goodman)
    assert intervals.wilson(0, 0) is None


def test_a_reason_named_by_three_of_five_is_uncertain():
    assert [100 * end for end in ends(intervals.wilson(3, 5))] == pytest.approx((23.07, 88.24), abs=0.005)


def test_two_branches_differ_and_two_do_not():
    found = comparison.difference(ONE, TWO)
    assert (found.points, found.error) == near(35, 13.6475)
    assert found.points / found.error == pytest.approx(2.56458, abs=1e-5)
    assert found.p == pytest.approx(0.010330, abs=1e-6)
    assert ends(found.interval) == near(8.2515, 61.7485)
    assert found.is_significant
    other = comparison.difference(NpsScore(40, 30, 10), NpsScore(27, 21, 12))
    assert other.p == pytest.approx(0.32439, abs=1e-5) and not other.is_significant
    assert comparison.difference(NpsScore(1, 0, 0), ONE) is None
    assert comparison.difference(NpsScore(5, 0, 0), NpsScore(4, 0, 0)) is None, "neither varies"


def test_three_branches_are_tested_together_first():
    found = comparison.homogeneity([ONE, TWO, THREE])
    assert found.degrees == 2
    assert (found.statistic, found.p) == pytest.approx((6.76544, 0.033955), abs=1e-5)
    square = comparison.composition([ONE, TWO, THREE])
    assert square.degrees == 4
    assert (square.statistic, square.p) == pytest.approx((13.975, 0.007375), abs=1e-6)
    assert comparison.homogeneity([ONE, NpsScore(3, 0, 0)]) is None
    assert comparison.composition([ONE]) is None


def test_pairs_are_corrected_for_their_number():
    found = {(a, b): (seen.p, p) for a, b, seen, p in comparison.pairs({"1": ONE, "2": TWO, "3": THREE})}
    assert found == {
        ("1", "2"): near(0.010330, 0.030990),
        ("1", "3"): near(0.485216, 0.485216),
        ("2", "3"): near(0.053169, 0.106337),
    }


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_a_correction_never_makes_a_difference_likelier(chances):
    corrected = comparison.holm(chances)
    assert all(before <= after <= 1 for before, after in zip(chances, corrected, strict=True))
    assert min(corrected) == min(1, len(chances) * min(chances))


@pytest.mark.parametrize(("n", "low", "high"), [(10, -15.1, 79.1), (25, 2.2, 61.8), (50, 10.9, 53.1), (80, 15.3, 48.7)])
def test_the_funnel_narrows_with_the_branch(n, low, high):
    inner, outer = comparison.funnel(SET_A, n)
    assert ends(inner) == pytest.approx((low, high), abs=0.05)
    assert outer.width / inner.width == pytest.approx(3.0902 / 1.959964, abs=1e-4)
    assert pytest.approx(3.0902, abs=1e-4) == Z_998


def test_the_same_clients_twice_are_a_panel():
    transitions = {
        (P, P): 60, (P, N): 10, (P, D): 5,
        (N, P): 15, (N, N): 30, (N, D): 5,
        (D, P): 5, (D, N): 8, (D, D): 12,
    }  # fmt: skip
    found = comparison.panel(transitions)
    assert (found.points, found.error) == near(5.3333, 5.8914)
    assert found.p == pytest.approx(0.36532, abs=1e-5)
    assert comparison.panel({(P, P): 10}) is None
    before = NpsScore(75, 50, 25)
    after = NpsScore(80, 48, 22)
    assert (float(before.exact), float(after.exact)) == near(100 / 3, 38.6667)
    assert comparison.difference(after, before).error == pytest.approx(8.5375, abs=1e-4)


def test_branches_can_be_weighted_by_their_base():
    found = comparison.weighted([(ONE, 120), (TWO, 80), (THREE, 60)])
    assert (found.value, found.error) == near(32.3077, 2.7729)
    assert ends(intervals.around(found.value, found.error)) == near(26.8729, 37.7425)
    assert (found.design_effect, found.effective_n) == near(1.025641, 195)
    assert comparison.weighted([(ONE, 120), (NpsScore(0, 0, 0), 10)]) is None
    assert comparison.weighted([(ONE, 120), (NpsScore(0, 0, 0), 0)]).value == pytest.approx(45)


@pytest.mark.parametrize(("size", "correlation", "effect"), [(35, 0.03, 2.02), (100, 0.01, 1.99), (50, 0.02, 1.98)])
def test_answers_through_one_operator_are_worth_less(size, correlation, effect):
    assert comparison.cluster_effect(size, correlation) == pytest.approx(effect)


@pytest.mark.parametrize(
    ("margin", "numbers"), [(5, (888, 202, 1537, 223)), (10, (222, 120, 385, 156)), (15, (99, 72, 171, 104))]
)
def test_how_many_a_margin_takes(margin, numbers):
    found = [sample_size.for_margin(margin, s2, base) for s2 in (0.5776, 1) for base in (None, 260)]
    assert tuple(found) == numbers


def test_what_a_number_of_questionnaires_gives():
    found = {n: sample_size.margin(n, 0.5776) for n in (5, 10, 20, 30, 50, 100, 200, 400)}
    assert found == pytest.approx(
        {5: 66.6, 10: 47.1, 20: 33.3, 30: 27.2, 50: 21.1, 100: 14.9, 200: 10.5, 400: 7.4}, abs=0.06
    )
    assert [sample_size.for_difference(points, 0.5776) for points in (10, 20, 30)] == [907, 227, 101]


few = st.builds(NpsScore, *(st.integers(0, 2),) * 3).filter(lambda score: score.n <= 2)
alike = st.sampled_from([NpsScore(40, 0, 0), NpsScore(0, 40, 0), NpsScore(0, 0, 40), NpsScore(30, 0, 30)])
small = few | alike


def numbers(found: object) -> list[float]:
    """Every number that a result is made of."""
    if isinstance(found, int | float | Fraction):
        return [float(found)]
    if dataclasses.is_dataclass(found):
        return [number for field in dataclasses.fields(found) for number in numbers(getattr(found, field.name))]
    return [number for part in found or () for number in numbers(part)] if isinstance(found, tuple | list) else []


@given(small, small, st.sampled_from([0, 1, 2, 3, 100]))
def test_few_questionnaires_all_alike_or_a_base_of_nobody_break_no_figure(one, two, population):
    spread = intervals.variance(one)
    for found in (
        spread, intervals.sample_variance(one),
        intervals.standard_error(one), intervals.standard_error(one, population),
        intervals.wald(one, population), intervals.adjusted_wald(one), intervals.by_score(one),
        intervals.finite(one, population), intervals.finite_prediction(one, population),
        intervals.bounds(one, population), intervals.if_silent_were_passive(one, population),
        intervals.wilson(one.promoters, one.n), intervals.goodman(one.promoters, one.n, 3),
        comparison.difference(one, two), comparison.homogeneity([one, two]), comparison.composition([one, two]),
        [part[2:] for part in comparison.pairs({"1": one, "2": two})], comparison.funnel(one, two.n),
        tuple(comparison.unlike(one, {"2": two}).values() if two.n <= one.n else ()),
        comparison.panel({(P, P): one.n, (P, D): two.n}), comparison.weighted([(one, population), (two, 0)]),
        comparison.weighted([(one, population), (two, 2)]), sample_size.for_difference(10, spread),
        sample_size.margin(one.n, spread), sample_size.for_margin(5, spread, population),
        lost_points([], one.n), CaseCounts(complete=one.n, unknown=population).response, shares_adding_up([one.n, 0]),
    ):  # fmt: skip
        assert all(map(math.isfinite, numbers(found))), found


@given(small, st.sampled_from([0, 1, 2, 3, 100]), st.sampled_from([5, 10, 15]))
def test_no_size_is_nothing_and_no_silence_is_certain(score, population, points):
    for spread in (intervals.variance(score), sample_size.expected_variance(score)):
        endless, of_base = sample_size.for_margin(points, spread), sample_size.for_margin(points, spread, population)
        assert endless >= 1 and sample_size.for_difference(points, spread) >= 1
        assert (1 <= of_base <= population) if population else of_base is None
    for interval in (intervals.wald(score, population), intervals.finite(score, population)):
        assert interval is None or interval.width > 0 or score.n >= population
    share = intervals.if_silent_were_passive(score, population)
    assert share is None if not score.n else -100 <= share <= 100
    assert intervals.by_score(score).width > 0 and comparison.funnel(score, score.n)[0].width > 0


def test_lost_points_divide_the_gap_to_a_hundred():
    asked = [
        Mention("срок", 8, 1), Mention("наличие", 7, 2), Mention("срок", 7, 2), Mention("наличие", 6, 1),
        Mention("ответ", 3, 3), Mention("менеджер", 3, 3), Mention("срок", 3, 3), Mention("", 8, 1),
    ]  # fmt: skip
    found = lost_points(asked, 10)
    assert found == {
        "срок": (3, Fraction(65, 3)),
        "наличие": (2, Fraction(25)),
        "ответ": (1, Fraction(20, 3)),
        "менеджер": (1, Fraction(20, 3)),
        "": (1, Fraction(10)),
    }
    assert sum(points for _, points in found.values()) == 100 - score_of([(9, 5), (8, 2), (7, 1), (6, 1), (3, 1)]).exact
    with pytest.raises(ValueError, match="9 or 10"):
        lost_points([Mention("срок", 9, 1)], 1)


def test_rates_are_those_of_the_standard_definitions():
    package = CaseCounts(complete=4, partial=2, refused=1, not_reached=1, other=1, unknown=2, not_eligible=1)
    assert (package.response, package.cooperation, package.contact, package.refusal) == (
        Fraction(4, 11), Fraction(1, 2), Fraction(8, 11), Fraction(1, 11),
    )  # fmt: skip
    ours = CaseCounts(complete=200, refused=15, not_reached=25, not_eligible=20)
    assert [float(100 * rate) for rate in (ours.cooperation, ours.contact, ours.refusal)] == near(
        93.0233, 89.5833, 6.25
    )
    assert CaseCounts(complete=0).response is None


@pytest.mark.parametrize(("value", "whole"), [(Fraction(25, 2), 13), (-12.5, -13), (12.49, 12), (-0.5, -1), (0, 0)])
def test_halves_go_away_from_zero(value, whole):
    assert half_up(value) == whole


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=12))
def test_shares_add_up_to_the_whole(counts):
    found = shares_adding_up(counts)
    assert sum(found) == (1000 if sum(counts) else 0)
    assert all(abs(part - 1000 * count / max(1, sum(counts))) < 1 for part, count in zip(found, counts, strict=True))


def test_three_equal_parts_are_rounded_once_up():
    assert shares_adding_up([1, 1, 1]) == (334, 333, 333)


@pytest.mark.parametrize(
    ("x", "degrees", "tail"), [(3.841459, 1, 0.05), (5.991465, 2, 0.05), (7.814728, 3, 0.05), (40.256, 20, 0.004625)]
)
def test_tails_of_chi_square_are_those_of_the_tables(x, degrees, tail):
    assert chi_square_tail(x, degrees) == pytest.approx(tail, abs=2e-5)
    assert chi_square_tail(0, degrees) == 1
    assert two_sided(1.959964) == pytest.approx(0.05, abs=1e-6)
    with pytest.raises(ValueError, match="degree"):
        chi_square_tail(1, 0)
