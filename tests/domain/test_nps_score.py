"""Numbers worked by hand or by an independent calculation; sets A and B are those of the reporting reference."""

import pytest

from nps.domain.nps_score import Coverage, Group, NpsScore, classify

SET_A = NpsScore(100, 64, 36)


def test_nine_and_ten_promote_seven_and_eight_are_passive_the_rest_detract():
    groups = {group: [rating for rating in range(1, 11) if classify(rating) is group] for group in Group}
    assert groups == {
        Group.PROMOTER: [9, 10],
        Group.PASSIVE: [7, 8],
        Group.DETRACTOR: [1, 2, 3, 4, 5, 6],
    }


@pytest.mark.parametrize("rating", [0, 11, -1])
def test_the_scale_has_no_zero(rating):
    with pytest.raises(ValueError, match="1 to 10"):
        classify(rating)


@pytest.mark.parametrize(
    ("score", "value"),
    [
        (SET_A, 32),
        (NpsScore(330, 187, 95), 38),
        (NpsScore(1, 7, 0), 13),
        (NpsScore(0, 7, 1), -13),
        (NpsScore(5, 2, 2), 33),
        (NpsScore(0, 0, 3), -100),
        (NpsScore(0, 0, 0), None),
    ],
)
def test_the_score_is_computed_from_counts_and_rounds_halves_away_from_zero(score, value):
    assert score.value == value


@pytest.mark.parametrize(
    ("surveyed", "clients", "reached", "missing"),
    [
        (195, 260, True, 0),
        (194, 260, False, 1),
        (198, 263, True, 0),
        (197, 263, False, 1),
        (1499, 2000, False, 1),
        (612, 1200, False, 288),
        (3, 4, True, 0),
        (0, 1, False, 1),
        (0, 0, False, 0),
    ],
)
def test_three_quarters_are_compared_in_integers(surveyed, clients, reached, missing):
    found = Coverage(surveyed, clients)
    assert (found.reached, found.missing) == (reached, missing)
