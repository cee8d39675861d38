"""A whole number as people read it; apart from other words, since whoever reads a workbook in a process of its own
starts anew for each file, and those need a calendar and all kinds of phone numbers."""

NARROW_SPACE = "\u202f"
MINUS = "\N{MINUS SIGN}"


def number(n: int) -> str:
    """«1 260» with a narrow no-break space between thousands."""
    return f"{n:,}".replace(",", NARROW_SPACE).replace("-", MINUS)
