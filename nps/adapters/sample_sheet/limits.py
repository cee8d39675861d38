"""How large a workbook may be, checked before or while reading: a file from outside is hostile until read."""

from __future__ import annotations

MAX_FILE_BYTES = 20 * 1024 * 1024
MAX_MEMBERS = 2_000
MAX_UNPACKED_BYTES = 200 * 1024 * 1024
#: A member may unpack to this many times its packed size; small ones are let off: styles and repeated texts pack 200
#: times.
MAX_RATIO = 100
RATIO_FROM_BYTES = 16 * 1024 * 1024

MAX_ROWS = 200_000
#: As many as a workbook of the old format had; exports of whole tables of a CRM have 76.
MAX_COLUMNS = 256
#: A longer text is cut: no field of the base is longer, and the receipt keeps what stood there.
MAX_CELL_CHARS = 2_000
#: A field of a text file may be as long as a cell of Excel; one that is longer is a quotation mark that nobody closed.
MAX_FIELD_CHARS = 32_767

CHILD_MEMORY_BYTES = 768 * 1024 * 1024
CHILD_CPU_S = 45
CHILD_WALL_S = 60.0

#: A workbook that goes back with marks; openpyxl holds every cell, so a longer base gets its faulty rows only.
MAX_MARKED_BYTES = 100 * 1024 * 1024
MAX_MARKED_ROWS = 20_000
