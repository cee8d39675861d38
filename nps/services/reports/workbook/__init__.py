"""The workbook of the contract: its two forms word for word, then what stands beside them (R4, R5, R11, R15)."""

from nps.services.reports.workbook.layout import answer_cells, book_of, forms_of
from nps.services.reports.workbook.words import AUTHOR, data_age

__all__ = ["AUTHOR", "answer_cells", "book_of", "data_age", "forms_of"]
