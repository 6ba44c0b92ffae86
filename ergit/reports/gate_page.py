"""The gate's verdict as a page of Markdown: for a comment on a pull request, or the summary of a job."""

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

import pandas as pd

from ergit.analysis.broken import Broken
from ergit.records.commits import CommitRow
from ergit.records.energy_table import ENERGIES
from ergit.records.gate import GateRecord
from ergit.reports.differences import differences_sentence
from ergit.text import cell, markdown_line, markdown_table, one_line

SHOWN_LINES = 15  # of the log of what is broken
LINE = 200  # characters of such a line
ESTIMATED = (
    "**Estimated, not measured**: CPU time multiplied by a constant. This tests for more work, not for more energy."
)

WHERE = (
    "The study's folder of results holds this page as `gate.md`, the figures in `plots`, the readings in `energy.csv`,"
    " and all numbers in `gate.json`."
)
"""No path from where the study ran: the page is read in a comment too, and in an archive of that folder."""


def gate_page(
    gate: GateRecord,
    table: pd.DataFrame,
    commits: Sequence[CommitRow],
    judged: str,
    broken: Broken | None,
    results: str,
) -> str:
    """The verdict and its reason, both sides side by side, what differs, and of what is broken the end of its log.

    Args:
        gate: the verdict.
        table: the table of readings.
        commits: the commits of the study.
        judged: the domain whose energy decides.
        broken: what is broken at the head, None where nothing is.
        results: the study's results folder, in which that log is.
    """
    parts = [f"## Energy gate: {gate.verdict}", markdown_line(sentence_of(gate))]
    if gate.kind == "estimated":
        parts.append(ESTIMATED)
    if gate.head is not None:
        parts.append(_sides(gate, gate.head, table, commits, ENERGIES[judged]))
    if gate.comparison is not None and gate.differs is not None:
        differs = differences_sentence(gate.differs, gate.comparison.head[-1])
        subject = "The head" if len(gate.differs.commits) <= 1 else "Between the two,"
        parts.append(f"{subject} {markdown_line(differs)}.")
    if broken is not None and broken.log.exists():
        name = f"`{broken.log.relative_to(results)}` in the study's folder of results"
        parts.append("\n".join([f"The end of {name}:", "", *_end_of(broken.log)]))
    parts.append(WHERE)
    return "\n\n".join(parts) + "\n"


def sentence_of(gate: GateRecord) -> str:
    """The reason, and that the verdict is let through where the config says so."""
    let_through = f" The config lets `{gate.verdict}` pass." if gate.passes and gate.verdict != "pass" else ""
    return f"{gate.reason}{let_through}"


def _sides(gate: GateRecord, head: str, table: pd.DataFrame, commits: Sequence[CommitRow], column: str) -> str:
    """Both sides with their readings, median energy and median time."""
    compared = gate.comparison
    sides = {"base": compared.base, "head": compared.head} if compared else {"head": (head,)}
    subjects = {row.commit: row.subject for row in commits}
    rows = []
    for name, shas in sides.items():
        of_side = table[table["commit"].isin(shas)]
        clean = of_side[of_side["clean"]]
        newest = shas[-1]
        rows.append(
            [
                name,
                newest[:10] if len(shas) == 1 else f"{shas[0][:10]} to {newest[:10]} ({len(shas)})",
                f"{len(clean):,} clean of {len(of_side):,}",
                "" if clean.empty else f"{clean[column].median():.4g} J",
                "" if clean.empty else f"{clean['duration_seconds'].median():.4g} s",
                cell(subjects.get(newest, "")),
            ]
        )
    header = ["side", "commit", "readings", "median energy", "median time", "subject"]
    return "\n".join([markdown_table(header, rows), *_sessions(table, sides.values())])


def _sessions(table: pd.DataFrame, sides: Collection[Sequence[str]]) -> Iterator[str]:
    """In how many sessions the readings were taken, where there are any."""
    clean = table[table["clean"] & table["commit"].isin([sha for side in sides for sha in side])]
    if not clean.empty:
        sessions = clean.drop_duplicates(["host", "session"])
        hosts = ", ".join(sorted(set(sessions["host"].dropna())))
        number = "one session" if len(sessions) == 1 else f"{len(sessions)} sessions"
        yield f"\nTaken in turns, in {number}, on {markdown_line(hosts) or 'an unknown machine'}."


def _end_of(log: Path) -> list[str]:
    """The last lines of a log as a block of code, whatever they hold."""
    lines = log.read_text(encoding="utf-8", errors="replace").rstrip().splitlines()[-SHOWN_LINES:]
    return [f"    {one_line(line, LINE)}" for line in lines]
