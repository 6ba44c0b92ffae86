"""`ergit figure`: one figure of a study's results, for a range of its commits, as SVG, PDF or PNG."""

import argparse
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, cast

from ergit.errors import ErgitError
from ergit.files import write_bytes_atomically
from ergit.git.names import CommitNames
from ergit.records.changes import ChangesRecord, read_changes
from ergit.records.commits import CommitRow, chosen, read_commits
from ergit.records.comparison import ComparisonRecord
from ergit.records.context import ChangeContext, read_context
from ergit.records.energy_table import ENERGIES, read_energy_table

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from ergit.reports.figures.axis import AxisKind
    from ergit.reports.figures.sheet import Form, Sheet
    from ergit.reports.figures.sides import Sides

FORMS = ("svg", "pdf", "png")
SIZES = ("screen", "page", "column")
SIZE = re.compile(r"(\d+(?:\.\d+)?)x(\d+(?:\.\d+)?)")
INCHES = 1.5, 60.0  # the least and the most that a width or a height can be
ANNOTATED_FROM = 6.0  # inches of width
DOTS = 50, 1200  # per inch
QUANTITIES = (*ENERGIES, "seconds", "cpu-seconds", "watts")
MOST_SIDES = 7  # as many as colours and marks tell apart


@dataclass(frozen=True)
class Asked:
    """What the words ask for: the results, the commits in Git order or as they were named, and how they are drawn."""

    results: Path
    all_commits: list[CommitRow]
    words: tuple[str, ...]
    quantity: str | None
    axis: "AxisKind"
    sheet: "Sheet"
    seed: int

    @cached_property
    def table(self) -> "pd.DataFrame":
        """All readings."""
        return read_energy_table(self.results / "energy.csv")

    @cached_property
    def record(self) -> ChangesRecord:
        """What the statistics say."""
        return read_changes(self.results / "changes.json")

    @property
    def contexts(self) -> tuple[ChangeContext, ...]:
        """What each change differs in; none where that was not made."""
        path = self.results / "context.json"
        return read_context(path).changes if path.is_file() else ()

    @property
    def drawn(self) -> str:
        """The quantity that is drawn."""
        return self.quantity or self.record.study.judged

    @cached_property
    def range(self) -> list[CommitRow]:
        """The commits of the study in the range that the words name; all without any.

        Raises:
            ErgitError: it is no range, a name in it is no commit of the study, or it holds none.
        """
        history = chosen(self.all_commits)
        if not self.words:
            return history
        if len(self.words) > 1 or ".." not in self.words[0] or "..." in self.words[0]:
            raise ErgitError(
                f"figure: {' '.join(self.words)!r} is no range of commits. Write one as in Git, such as v1.0..v2.0,"
                " v1.0.. or ..v2.0."
            )
        older, _, newer = self.words[0].partition("..")
        after = self._position(older) if older else -1
        until = self._position(newer) if newer else len(history) - 1
        if after >= until:
            raise ErgitError(
                f"figure: {self.words[0]!r} holds no commit of this study. A range begins after its first commit, the"
                " older one."
            )
        return history[after + 1 : until + 1]

    @cached_property
    def named(self) -> list[CommitRow]:
        """The commits that the words name, in their order.

        Raises:
            ErgitError: a word is no commit of the study, or two are the same one.
        """
        rows = {row.commit: row for row in self.all_commits}
        names = CommitNames.of_table(self.all_commits)
        found = [rows[names.resolve(word, "figure")] for word in self.words]
        if len({row.commit for row in found}) < len(found):
            raise ErgitError(f"figure: {' '.join(self.words)!r} names a commit twice. Name different ones.")
        return found

    def _position(self, name: str) -> int:
        sha = CommitNames.of_table(self.all_commits).resolve(name, "figure")
        shas = [row.commit for row in chosen(self.all_commits)]
        if sha not in shas:
            raise ErgitError(f"figure: {name!r} is not among the chosen commits of this study (results/commits.tsv).")
        return shas.index(sha)


class Kind(NamedTuple):
    """One kind of figure: what it shows, how many commits it names (None: it takes a range), and what draws it."""

    shows: str
    draw: "Callable[[Asked], Figure]"
    commits: tuple[int, int] | None = None
    takes: tuple[str, ...] = ()


def _evolution(asked: Asked) -> "Figure":
    from ergit.reports.figures import evolution

    _refuse_absent(asked)
    return evolution(
        *(asked.table, asked.range, asked.record, asked.contexts),
        quantity=asked.drawn,
        axis=asked.axis,
        sheet=asked.sheet,
    )


def _distribution(asked: Asked) -> "Figure":
    from ergit.reports.figures import distribution

    _refuse_absent(asked)
    return distribution(asked.table, asked.range, asked.drawn, axis=asked.axis, sheet=asked.sheet)


def _cusum(asked: Asked) -> "Figure":
    from ergit.reports.figures import cusum

    return cusum(asked.table, asked.range, asked.record, sheet=asked.sheet)


def _conditions(asked: Asked) -> "Figure":
    from ergit.reports.conditions import conditions_over_time
    from ergit.reports.figures import conditions

    table = asked.table[asked.table["commit"].isin([row.commit for row in asked.range])]
    return conditions(conditions_over_time(table, asked.results), sheet=asked.sheet)


def _compare(asked: Asked) -> "Figure":
    from ergit.reports.figures import two_commits

    sides = _sides(asked)
    with_verdict = len(sides.sides) == 2 and asked.sheet.is_annotated and asked.drawn == asked.record.study.judged
    return two_commits(sides, _verdict(_comparison(asked), sides) if with_verdict else "", sheet=asked.sheet)


def _ecdf(asked: Asked) -> "Figure":
    from ergit.reports.figures import ecdf_figure

    return ecdf_figure(_sides(asked), sheet=asked.sheet)


def _qq(asked: Asked) -> "Figure":
    from ergit.reports.figures import qq_figure

    return qq_figure(_sides(asked), sheet=asked.sheet)


def _shift(asked: Asked) -> "Figure":
    from ergit.reports.figures import shift_figure

    is_judged = asked.drawn == asked.record.study.judged
    pair = next(iter(_comparison(asked).pairs), None) if is_judged else None
    return shift_figure(_sides(asked), pair, asked.seed, sheet=asked.sheet)


KINDS = {
    "evolution": Kind("the median of each commit, the levels and changes", _evolution, takes=("axis", "quantity")),
    "distribution": Kind("the readings of each commit, as violins", _distribution, takes=("axis", "quantity")),
    "cusum": Kind("the sums of residuals: drift between changes", _cusum),
    "conditions": Kind("temperature, frequency and load over time", _conditions),
    "compare": Kind("the readings of commits side by side", _compare, (2, MOST_SIDES), ("quantity",)),
    "ecdf": Kind("the ECDF of the readings of commits", _ecdf, (1, MOST_SIDES), ("quantity",)),
    "qq": Kind("the Q-Q plot of two commits, or of one and normal", _qq, (1, 2), ("quantity",)),
    "shift": Kind("the bootstrap of the shift between two commits", _shift, (2, 2), ("quantity", "seed")),
}


def _sides(asked: Asked) -> "Sides":
    from ergit.reports.figures.sides import gather_sides

    return gather_sides(asked.table, asked.named, asked.drawn)


def _comparison(asked: Asked) -> ComparisonRecord:
    """What the workflow says of the two commits."""
    from ergit.reports.compare import read_study, two_commits

    first, second = asked.named
    return two_commits(read_study(asked.results), first.commit, second.commit)


def _verdict(comparison: ComparisonRecord, sides: "Sides") -> str:
    """The comparison of two commits in one line."""
    from ergit.reports.comparison import relative_sentence, verdict_sentence

    for obstacle in comparison.obstacles:
        return f"cannot be compared: {obstacle}"
    (pair,) = comparison.pairs
    first, second = (side.name for side in sides.sides)
    return f"{relative_sentence(pair, first, second)}: {verdict_sentence(pair)}"


def _refuse_absent(asked: Asked) -> None:
    """Raises ErgitError where the table has no reading of the quantity that was asked for."""
    from ergit.reports.figures.contents import QUANTITIES as COLUMNS

    clean = asked.table[asked.table["clean"]]
    if asked.quantity is None or clean.empty or clean[COLUMNS[asked.quantity].column].notna().any():
        return
    there = [name for name, quantity in COLUMNS.items() if clean[quantity.column].notna().any()]
    raise ErgitError(f"figure: no reading of this study has {asked.quantity}. There are {', '.join(there)}.")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Tells the parser which words this command takes."""
    parser.add_argument("kind", choices=tuple(KINDS), metavar="KIND", help=f"one of {', '.join(KINDS)}")
    parser.add_argument(
        "commits",
        nargs="*",
        metavar="COMMITS",
        help="a range such as v1.0..v2.0, v1.0.. or ..v2.0 of the study's commits (default: all); for compare, ecdf, qq"
        " and shift the commits themselves (SHA, tag, name in the config)",
    )
    parser.add_argument(
        "--study", type=Path, default=Path(), metavar="DIR", help="the study's folder (default: the working directory)"
    )
    parser.add_argument(
        "--output", type=Path, metavar="FILE", help="the file to write (default: KIND.svg, or of another --format)"
    )
    parser.add_argument("--format", choices=FORMS, help="of the file (default: by the ending of --output, else svg)")
    parser.add_argument(
        "--size",
        default="screen",
        metavar="SIZE",
        help="screen (10 in wide), page (7 in), column (3.4 in), or WIDTHxHEIGHT in inches such as 3.5x2.5"
        " (default: screen)",
    )
    parser.add_argument(
        "--style",
        choices=("annotated", "plain"),
        help="annotated: with title, facts and list of changes; plain: for a paper, whose text has them (default:"
        " annotated for the screen, else plain)",
    )
    parser.add_argument(
        "--quantity",
        choices=QUANTITIES,
        help="what is drawn (default: the energy that the study judges, measure.judged)",
    )
    parser.add_argument(
        "--axis",
        choices=("auto", "linear", "log"),
        default="auto",
        help="of evolution and distribution; auto is log where levels differ by four times or more (default: auto)",
    )
    parser.add_argument("--dpi", type=int, metavar="N", help="dots per inch of a PNG (default: 200, plain 300)")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="of the resampling of shift (default: 1)")


def run(arguments: argparse.Namespace) -> None:
    """Writes the figure that the words ask for, and prints its name and size.

    Raises:
        ErgitError: there is no such study, no such commit in it, or nothing to draw.
    """
    path, form = _file(arguments.output, arguments.format, arguments.kind)
    kind = KINDS[arguments.kind]
    for problem in _problems(arguments, kind):
        raise ErgitError(f"figure: {problem}")
    from ergit.reports.compare import results_of
    from ergit.reports.figures.sheet import encoded

    results = results_of(arguments.study)
    asked = Asked(
        results=results,
        all_commits=read_commits(results / "commits.tsv"),
        words=tuple(arguments.commits),
        quantity=arguments.quantity,
        axis=arguments.axis,
        sheet=_sheet(arguments.size, arguments.style),
        seed=arguments.seed,
    )
    figure = kind.draw(asked)
    write_bytes_atomically(path, encoded(figure, form, arguments.dpi or asked.sheet.dots_per_inch))
    width, height = figure.get_size_inches().tolist()
    print(f"{path}: {width:.3g} × {height:.3g} inches")


def _problems(arguments: argparse.Namespace, kind: Kind) -> Iterator[str]:
    """What is wrong with the words, if anything is."""
    name, given = arguments.kind, len(arguments.commits)
    if kind.commits is not None and not kind.commits[0] <= given <= kind.commits[1]:
        least, most = kind.commits
        wanted = f"{least}" if least == most else f"{least} to {most}"
        yield f"{name} takes {wanted} commits, and {given} are named."
    if "axis" not in kind.takes and arguments.axis != "auto":
        yield f"--axis is of {_those_with('axis')}, not of {name}."
    if "quantity" not in kind.takes and arguments.quantity is not None:
        yield f"--quantity is of {_those_with('quantity')}, not of {name}."
    if arguments.dpi is not None and not DOTS[0] <= arguments.dpi <= DOTS[1]:
        yield f"--dpi is {arguments.dpi}, and goes from {DOTS[0]} to {DOTS[1]}."


def _those_with(option: str) -> str:
    return ", ".join(name for name, kind in KINDS.items() if option in kind.takes)


def _file(output: Path | None, form: "Form | None", kind: str) -> "tuple[Path, Form]":
    """The file to write, and its format."""
    if output is None:
        return Path(f"{kind}.{form or 'svg'}"), form or "svg"
    ending = output.suffix.removeprefix(".").lower()
    if form is None and ending not in FORMS:
        raise ErgitError(f"figure: {output} ends in none of {', '.join(FORMS)}. Name such a file, or add --format.")
    return output, form or cast("Form", ending)


def _sheet(size: str, style: str | None) -> "Sheet":
    """The sheet of that size and style.

    Raises:
        ErgitError: it is no size, too small or too large.
    """
    from ergit.reports.figures.sheet import SHEETS, Sheet

    found = SHEETS.get(size)
    if found is None:
        match = SIZE.fullmatch(size)
        if match is None:
            raise ErgitError(f"figure: {size!r} is no --size. Write {', '.join(SIZES)}, or inches such as 3.5x2.5.")
        found = Sheet(float(match[1]), float(match[2]), is_annotated=False)
        if not all(INCHES[0] <= inches <= INCHES[1] for inches in (found.width, float(match[2]))):
            raise ErgitError(f"figure: {size!r} is too small or too large: {INCHES[0]:g} to {INCHES[1]:g} inches.")
    is_annotated = found.is_annotated if style is None else style == "annotated"
    if is_annotated and found.width < ANNOTATED_FROM:
        raise ErgitError(f"figure: an annotated figure is {ANNOTATED_FROM:g} inches wide at least. Take --style plain.")
    return Sheet(found.width, found.height, is_annotated=is_annotated)
