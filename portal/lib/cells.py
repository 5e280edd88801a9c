"""Cells of CSV files that a spreadsheet shows and never runs."""

_RUNS = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "|", "%")
_INVISIBLE = " \t\r\n\v\f\u00a0\u200b\ufeff"


def harmless(cell: object) -> str:
    """The text of a cell; what a spreadsheet could take for a formula gets an apostrophe in front."""
    text = "" if cell is None else str(cell)
    risky = text.lstrip(_INVISIBLE).startswith(_RUNS) or text.startswith(("\t", "\r", "\n"))
    return f"'{text}" if risky else text
