"""Compares two commits of a study, or two studies, from the readings that are there."""

import argparse
import csv
import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from ergit.analysis.changes import read_commits, read_table
from ergit.analysis.comparison import Place, common_difference, common_part, compared, fullest, places
from ergit.reports.comparison import Comparison, page, to_json
from ergit.analysis.detection.change_points import Settings
from ergit.records.changes import from_json
from ergit.errors import ErgitError, exit_on_user_error

SHORTEST_ABBREVIATION = 4
LISTED = "listed as "  # before the names in the table of commits


@dataclass(frozen=True)
class Study:
    """A results folder: the rows of its table of commits, and where each measured commit stands."""

    folder: Path
    commits: list[dict[str, str]]
    kind: str | None
    settings: Settings
    places: dict[str, dict[int, Place]]


def read_study(folder: Path) -> Study:
    """The study whose results are in the folder, or in `results` below it.

    Raises:
        ErgitError: there are none.
    """
    for results in (folder, folder / "results"):
        table, commits, findings = (results / name for name in ("energy.csv", "commits.tsv", "changes.json"))
        if table.is_file() and commits.is_file():
            break
    else:
        raise ErgitError(f"{folder} holds no energy.csv and commits.tsv: run the study first, or name its folder.")
    settings = Settings()
    if findings.is_file():
        study = from_json(findings.read_text(encoding="utf-8")).study
        settings = Settings(study.least_change, study.false_discovery_rate)
    readings = read_table(table, read_commits(commits))
    with commits.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    return Study(results, rows, readings.kind, settings, places(readings, settings))


def commit_called(name: str, commits: Sequence[Mapping[str, str]]) -> str:
    """The SHA of the commit with that tag, that name in the config's list, or that full or abbreviated SHA.

    Raises:
        ErgitError: none or more than one has it.
    """
    named = {row["commit"]: _names(row) for row in commits}
    found = [sha for sha, names in named.items() if name in names]
    if not found and len(name) >= SHORTEST_ABBREVIATION:
        found = [sha for sha in named if sha.startswith(name.lower())]
    if len(found) == 1:
        return found[0]
    if found:
        raise ErgitError(f"{name!r} may be any of {', '.join(sha[:12] for sha in found)}: give more of the SHA.")
    close = difflib.get_close_matches(name, {known for names in named.values() for known in names}, n=3, cutoff=0.5)
    meant = f" Did you mean {' or '.join(close)}?" if close else ""
    raise ErgitError(f"{name!r} is no commit in results/commits.tsv, by SHA, tag or name in the config's list.{meant}")


def two_commits(study: Study, first: str, second: str) -> Comparison:
    """Two commits of a study, by their SHAs."""
    unread = [
        f"{sha[:10]} has no clean reading: {why_unread(study.folder / 'energy.csv', sha)}"
        for sha in (first, second)
        if sha not in study.places
    ]
    if unread:
        return Comparison(first, second, study.kind, [], [], unread)
    both = common_part(study.places[first], study.places[second])
    if both is None:
        where = [f"{sha[:10]} in {', '.join(_sessions_of(study.places[sha]))}" for sha in (first, second)]
        obstacle = f"they were measured in sessions that nothing ties together ({' and '.join(where)})"
        return Comparison(first, second, study.kind, [], [], [obstacle])
    return Comparison(first, second, study.kind, compared([(first, both[0], second, both[1])], study.settings), [], [])


def two_studies(first: Study, second: Study) -> Comparison:
    """All commits that both studies measured, each where it has the most readings."""
    titles = str(first.folder), str(second.folder)
    if first.kind != second.kind and first.kind and second.kind:
        obstacle = f"the energy is {first.kind} in {titles[0]} and {second.kind} in {titles[1]}"
        return Comparison(*titles, None, [], [], [obstacle])
    shared = [sha for sha in (row["commit"] for row in first.commits) if sha in first.places and sha in second.places]
    if not shared:
        return Comparison(*titles, first.kind, [], [], ["no commit has clean readings in both"])
    pairs = [(sha, fullest(first.places[sha]), sha, fullest(second.places[sha])) for sha in shared]
    parts = product(
        {id(place.verdict): place.verdict for _, place, _, _ in pairs}.values(),
        {id(place.verdict): place.verdict for _, _, _, place in pairs}.values(),
    )
    common = [
        common_difference(
            [(one, other) for _, one, _, other in pairs if one.verdict is before and other.verdict is after],
            first.settings,
        )
        for before, after in parts
    ]
    return Comparison(
        *titles, first.kind, compared(pairs, first.settings), [found for found in common if found is not None], []
    )


def why_unread(table: Path, commit: str) -> str:
    """What the table of readings says of a commit without a clean reading."""
    with table.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["commit"] == commit]
    said = dict.fromkeys(": ".join(filter(None, (row["status"], row["reason"] or row["flags"]))) for row in rows)
    return "; ".join(list(said)[:3]) or "it was not measured"


def _names(row: Mapping[str, str]) -> list[str]:
    """The tags of a commit, and the names for which the config's list chose it."""
    listed = row["reason"].removeprefix(LISTED).split(", ") if row["reason"].startswith(LISTED) else []
    return [*row.get("tags", "").split(), *(name for name in listed if ".." not in name)]


def _sessions_of(parts: Mapping[int, Place]) -> list[str]:
    return list(dict.fromkeys(session for place in parts.values() for session in place.sessions))


def main() -> None:
    """`python -m ergit.analysis.compare A B`."""
    parser = argparse.ArgumentParser(prog="python -m ergit.analysis.compare", description=__doc__)
    parser.add_argument("first", metavar="A", help="a commit (SHA, tag, name in the config), or a results folder")
    parser.add_argument("second", metavar="B", help="another of the same kind")
    parser.add_argument("--results", type=Path, default=Path("results"), help="of the study the commits are of")
    parser.add_argument("--json", action="store_true", help="all numbers, as JSON")
    arguments = parser.parse_args()
    with exit_on_user_error():
        folders = [Path(name) for name in (arguments.first, arguments.second)]
        if all(folder.is_dir() for folder in folders):
            comparison = two_studies(*map(read_study, folders))
        else:
            study = read_study(arguments.results)
            names = (arguments.first, arguments.second)
            comparison = two_commits(study, *(commit_called(name, study.commits) for name in names))
        print(to_json(comparison) if arguments.json else "\n".join(page(comparison)))


if __name__ == "__main__":
    main()
