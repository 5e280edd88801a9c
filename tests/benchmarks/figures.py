"""Figures, as a table for people and as JSON for programs."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.benchmarks.processes import BASE_DIR

FILE = BASE_DIR / "var" / "bench.json"


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured value. Without a limit it is for information. `better` is lower or higher."""

    name: str
    title: str
    value: float
    unit: str
    limit: float | None = None
    better: str = "lower"

    @property
    def verdict(self) -> str:
        """`ok`, or `missed` and by how much."""
        if self.limit is None:
            return ""
        over = self.value - self.limit if self.better == "lower" else self.limit - self.value
        if over <= 0:
            return "ok"
        return f"missed by {over:.4g}" + (f" ({over / self.limit:.0%})" if self.limit else "")


@dataclass
class Report:
    """Every figure of one run, in the order in which it was found."""

    figures: list[Figure] = field(default_factory=list)

    def add(self, *figures: Figure) -> None:
        self.figures.extend(figures)

    def table(self) -> str:
        """All figures, those with a limit first."""
        promised = [each for each in self.figures if each.limit is not None]
        rest = [each for each in self.figures if each.limit is None]
        head = ("Figure", "value", "unit", "limit", "")
        rows = [head, *map(_row, promised), ("", "", "", "", ""), *map(_row, rest)]
        missed = sum(each.verdict.startswith("missed") for each in promised)
        last = f"{missed} of {len(promised)} limits missed." if missed else f"All {len(promised)} limits are kept."
        return f"{aligned(rows, right={1, 3})}\n\n{last}"

    def write(self, path: Path = FILE) -> None:
        """One entry per figure; `limit` is null where there is none."""
        content = {
            each.name: {"value": round(each.value, 4), "unit": each.unit, "limit": each.limit, "better": each.better}
            for each in self.figures
        }
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_suffix(".new")
        unfinished.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
        unfinished.replace(path)


def _row(figure: Figure) -> tuple[str, ...]:
    limit = "" if figure.limit is None else f"{figure.limit:g}"
    return figure.title, f"{figure.value:,.2f}", figure.unit, limit, figure.verdict


def aligned(rows: Sequence[Sequence[str]], right: Iterable[int] = ()) -> str:
    """Rows in columns; those named by `right` end together."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = (
        "  ".join(cell.rjust(width) if place in right else cell.ljust(width) for place, (cell, width) in cells)
        for cells in (list(enumerate(zip(row, widths, strict=True))) for row in rows)
    )
    return "\n".join(line.rstrip() for line in lines)


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest value that so many percent of them do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, -int(-len(ordered) * percent // 100) - 1)]
