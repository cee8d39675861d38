"""Statistics of a telephone survey, pure: intervals, comparisons, response rates, lost points, sample sizes.

Everything is counted from whole numbers of questionnaires and rounded only where it is shown. Page, workbook, letter
and command line call these functions and no others, so that one figure is the same everywhere.
"""
