"""The reason of a decision is kept, so it has to be there."""

import pytest

from nps.domain.errors import DomainError
from nps.domain.given_reason import given_reason


def test_a_reason_is_kept_without_space_around_it_and_no_longer_than_its_column() -> None:
    assert given_reason("  письмо заказчика ") == "письмо заказчика"
    assert given_reason("а" * 600) == "а" * 500
    assert given_reason("б" * 600, longest=200) == "б" * 200


@pytest.mark.parametrize("reason", ["", "  \n "])
def test_without_a_reason_nothing_is_decided(reason: str) -> None:
    with pytest.raises(DomainError, match="останется в истории") as refused:
        given_reason(reason, kept_in="истории")
    assert refused.value.code == "reason"
