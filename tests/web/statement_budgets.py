"""What each route may send to the database: a figure for its class, and by name for those that need more today."""

#: A page or a fragment that is asked for; a form; what a page asks for again and again by itself.
PAGE, PRESS, POLL = 20, 25, 6
POLLS = {"desk.tick", "desk.help_words", "campaigns.messages"}

#: Inside the lock for which all operators wait.
IN_CLAIM = 8

#: The desk first, whose presses are counted by the hundred thousand.
BY_NAME: dict[str, int] = {
    "desk.answer": 15,
    "desk.answered": 12,
    "desk.dial": 15,
    "desk.hang_up": 12,
    "desk.help_words": 3,
    "desk.next": 15,
    "desk.outcome": 20,
    "desk.page": 7,
    "desk.panel": 7,
    "desk.search": 7,
    # Pages of figures, by their figure of today.
    "campaigns.client": 25,
    "campaigns.operators": 24,
    "quality.index": 22,
    "quality.review": 41,
    "reports.compare": 104,
    "reports.frozen_report": 39,
    "reports.method": 34,
    "reports.overview": 62,
    "reports.panel": 76,
    "reports.workbook": 34,
    # What decides many clients or writes a whole campaign at once, with ten more of everything there.
    "campaigns.close": 48,
    "campaigns.create": 41,
    "campaigns.set_region": 70,
    "personal_data.erase_campaign": 187,
    "personal_data.erase_person": 82,
    "quality.correct": 54,
    "quality.save": 30,
    "reports.freeze": 37,
    "training.begin": 29,
    "training.wait": 28,
}
#: More statements with more rows today: a report for each of the waves that are compared; in the lists of answers and
#: calls those of a page that has another one behind it.
GROWING = {"reports.compare", "reports.answer_rows", "reports.call_rows"}


def class_of(endpoint: str, method: str) -> str:
    return "poll" if endpoint in POLLS else "press" if method == "POST" else "page"


def budget_of(endpoint: str, method: str) -> int:
    """The most statements of a request, its person and its form among them."""
    return BY_NAME.get(endpoint, {"page": PAGE, "press": PRESS, "poll": POLL}[class_of(endpoint, method)])
