"""Compares two commits of a study, or two studies, from the readings that are there."""

import argparse
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from ergit.analysis.comparison import (
    MeasuredCommit,
    common_difference,
    common_part,
    compared,
    fullest,
    measured_commits,
)
from ergit.analysis.readings import clean_readings, why_none_is_clean
from ergit.analysis.tests import KnownTests, tests_in_words
from ergit.config.settings import ChangeSettings
from ergit.errors import ErgitError, exit_on_user_error
from ergit.git.names import CommitNames
from ergit.records.build import read_build
from ergit.records.changes import read_changes
from ergit.records.commits import CommitRow, read_commits
from ergit.records.comparison import ComparisonRecord
from ergit.records.energy_table import read_energy_table
from ergit.records.readings import read_readings
from ergit.records.record import JsonObject, to_json
from ergit.records.test_table import read_study_tests
from ergit.records.tests import SetsOfTests
from ergit.reports.comparison import page
from ergit.text import one_line

if TYPE_CHECKING:
    import pandas as pd


OF_WORKLOAD = ("command", "directory", "prepare", "cleanup", "environment", "from", "paths", "tests")
NEW_IN_WORKLOAD: JsonObject = {"paths": [], "tests": "all"}
"""What records of 0.1.0 do not say: all did so."""
OF_MEASURE = ("source", "powercap", "watts_per_core")
"""The settings by which a reading means something else, as in its fingerprint (ergit/config/fingerprint.py)."""
SHOWN_SETTING = 80  # characters


@dataclass(frozen=True)
class ReadStudy:
    """A folder of results: its tables of commits and readings, and the measured commits, by SHA and comparable part."""

    folder: Path
    commits: list[CommitRow]
    table: "pd.DataFrame"
    kind: str | None
    judged: str
    settings: ChangeSettings
    measured: dict[str, dict[int, MeasuredCommit]]


def results_of(folder: Path) -> Path:
    """The folder of the results of a study: this one, or `results` below it.

    Raises:
        ErgitError: there are none.
    """
    for results in (folder, folder / "results"):
        if (results / "energy.csv").is_file() and (results / "commits.tsv").is_file():
            return results
    raise ErgitError(
        f"There is no energy.csv with commits.tsv in {folder.absolute()} or its results: run the study to its end"
        " first, or name its folder."
    )


def read_study(folder: Path) -> ReadStudy:
    """The study whose results are in the folder, or in `results` below it.

    What counts as a change, which commits link sessions and which domain is judged is as in its results/changes.json.

    Raises:
        ErgitError: there are no results, or they are damaged.
    """
    results = results_of(folder)
    settings, anchors, judged = ChangeSettings(), tuple[str, ...](), "package"
    if (results / "changes.json").is_file():
        facts = read_changes(results / "changes.json").study
        settings = replace(settings, least_change=facts.least_change, false_discovery_rate=facts.false_discovery_rate)
        anchors, judged = facts.anchors, facts.judged
    commits = read_commits(results / "commits.tsv")
    table = read_energy_table(results / "energy.csv")
    readings = clean_readings(table, commits, judged, str(results / "energy.csv"))
    measured = measured_commits(readings, settings, anchors)
    return ReadStudy(results, commits, table, readings.kind, judged, settings, measured)


def two_commits(study: ReadStudy, first: str, second: str) -> ComparisonRecord:
    """Two commits of a study, by their SHAs."""
    nothing = ComparisonRecord(first=first, second=second, kind=study.kind)
    unread = tuple(
        f"{sha[:10]} has no clean reading: {why_none_is_clean(study.table, [sha])}"
        for sha in (first, second)
        if sha not in study.measured
    )
    if unread:
        return replace(nothing, obstacles=unread)
    both = common_part(study.measured[first], study.measured[second])
    if both is None:
        where = [f"{sha[:10]} in {', '.join(_sessions_of(study.measured[sha]))}" for sha in (first, second)]
        return replace(
            nothing, obstacles=(f"they were measured in sessions that nothing links ({' and '.join(where)})",)
        )
    return replace(
        nothing,
        pairs=compared([(first, both[0], second, both[1])], study.settings),
        other_settings=tuple(other_tests(study, first, second)),
    )


def other_tests(study: ReadStudy, first: str, second: str) -> Iterator[str]:
    """What differs between the tests that ran at two commits, where the study reads reports of tests."""
    record = study.folder / "tests.json"
    if record.is_file():
        tests = KnownTests(read_study_tests(record), SetsOfTests(study.folder)).between(first, second)
        if tests is not None and tests.unknown is None:
            yield tests_in_words(tests).removeprefix("not comparable, ")


def two_studies(first: ReadStudy, second: ReadStudy) -> ComparisonRecord:
    """All commits that both studies measured, each where it has the most readings."""
    titles = str(first.folder), str(second.folder)
    nothing = ComparisonRecord(first=titles[0], second=titles[1], kind=first.kind)
    if first.kind != second.kind and first.kind and second.kind:
        obstacle = f"the energy is {first.kind} in {titles[0]} and {second.kind} in {titles[1]}"
        return replace(nothing, kind=None, obstacles=(obstacle,))
    if first.judged != second.judged:
        obstacle = f"the energy is of the {first.judged} in {titles[0]} and of the {second.judged} in {titles[1]}"
        return replace(nothing, obstacles=(obstacle,))
    shared = [row.commit for row in first.commits if row.commit in first.measured and row.commit in second.measured]
    if not shared:
        return replace(nothing, obstacles=("no commit has clean readings in both",))
    pairs = [(sha, fullest(first.measured[sha]), sha, fullest(second.measured[sha])) for sha in shared]
    parts = product(
        {id(one.result): one.result for _, one, _, _ in pairs}.values(),
        {id(other.result): other.result for _, _, _, other in pairs}.values(),
    )
    common = [
        common_difference(
            [(one, other) for _, one, _, other in pairs if one.result is before and other.result is after],
            first.settings,
        )
        for before, after in parts
    ]
    return replace(
        nothing,
        other_settings=tuple(other_settings(first, second, shared)),
        pairs=compared(pairs, first.settings),
        common=tuple(found for found in common if found is not None),
    )


def other_settings(first: ReadStudy, second: ReadStudy, shared: Sequence[str]) -> Iterator[str]:
    """What the studies did in different ways when they built and measured the newest commit of both."""
    for sha in reversed(shared):
        ways = [ways_of(study.folder, sha) for study in (first, second)]
        if ways[0] and ways[1]:
            for key in ways[0]:
                if ways[0][key] != ways[1][key]:
                    here, there = (one_line(way[key], SHOWN_SETTING) for way in ways)
                    yield f"{key} is {here} in {first.folder} and {there} in {second.folder}"
            return


def ways_of(results: Path, commit: str) -> dict[str, str]:
    """How a commit was built and measured, by the records of a study; empty where it has none, as an imported one."""
    record = next(iter(sorted((results / "readings" / commit).glob("[0-9]*.json"))), None)
    build = results / "build" / f"{commit}.json"
    if record is None or not build.exists():
        return {}
    job, built = read_readings(record), read_build(build)
    ways = {f"workload.{key}": job.workload.get(key, NEW_IN_WORKLOAD.get(key)) for key in OF_WORKLOAD}
    ways |= {f"measure.{key}": job.measure.get(key) for key in OF_MEASURE}
    ways["build.commands"] = [command.command for command in built.commands]
    ways["the JDK"] = built.java and built.java.version
    return {key: json.dumps(value, ensure_ascii=False, sort_keys=True) for key, value in ways.items()}


def _sessions_of(parts: Mapping[int, MeasuredCommit]) -> list[str]:
    return list(dict.fromkeys(session for commit in parts.values() for session in commit.sessions))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Tells the parser which words this command takes."""
    parser.add_argument("first", metavar="A", help="a commit (SHA, tag, name in the config), or a study's folder")
    parser.add_argument("second", metavar="B", help="another of the same kind")
    parser.add_argument(
        "--study", type=Path, default=Path(), metavar="DIR", help="the study's folder (default: the working directory)"
    )
    parser.add_argument("--json", action="store_true", help="all numbers, as JSON")


def comparison_of(arguments: argparse.Namespace) -> ComparisonRecord:
    """The comparison that the words ask for: of two studies where both are folders, else of two commits.

    Raises:
        ErgitError: there is no such study, or no such commit in it.
    """
    words = (arguments.first, arguments.second)
    folders = [Path(word) for word in words]
    if all(folder.is_dir() for folder in folders):
        return two_studies(*map(read_study, folders))
    study = read_study(arguments.study)
    names = CommitNames.of_table(study.commits)
    return two_commits(study, *(names.resolve(word, "compare") for word in words))


def run(arguments: argparse.Namespace) -> None:
    """Prints the comparison.

    Raises:
        ErgitError: there is no such study, or no such commit in it.
    """
    comparison = comparison_of(arguments)
    print(to_json(comparison) if arguments.json else "\n".join(page(comparison)))


def main(words: Sequence[str] | None = None) -> None:
    """`ergit compare A B`."""
    parser = argparse.ArgumentParser(prog="ergit compare", description=__doc__)
    add_arguments(parser)
    with exit_on_user_error():
        run(parser.parse_args(words))


if __name__ == "__main__":
    main()
