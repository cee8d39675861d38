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
}
#: More statements with more rows: what is told of many clients at once is written for each of them.
GROWING: set[str] = set()


def class_of(endpoint: str, method: str) -> str:
    return "poll" if endpoint in POLLS else "press" if method == "POST" else "page"


def budget_of(endpoint: str, method: str) -> int:
    """The most statements of a request, its person and its form among them."""
    return BY_NAME.get(endpoint, {"page": PAGE, "press": PRESS, "poll": POLL}[class_of(endpoint, method)])
