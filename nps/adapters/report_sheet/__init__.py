"""Files that leave the house: workbooks (.xlsx) and tables (.csv), whole or not at all, for their owner only."""

from nps.adapters.report_sheet.book import Book, Chart, Column, Series, Share, Sheet, Value
from nps.adapters.report_sheet.table import write_table
from nps.adapters.report_sheet.writing import book_bytes, fresh_file, write_book

__all__ = [
    "Book", "Chart", "Column", "Series", "Share", "Sheet", "Value", "book_bytes", "fresh_file", "write_book",
    "write_table",
]  # fmt: skip
