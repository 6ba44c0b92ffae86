"""Judges whether the energy of the newest commits has grown too much."""

from pathlib import Path
from typing import Any

from msgspec import convert

from ergit.analysis.broken import broken_at
from ergit.analysis.changes import anchors_named, positions_of
from ergit.analysis.detection.detect import detect
from ergit.analysis.gate import Rounds, decide, differences_between, gate_record, question, told_with, told_with_tests
from ergit.analysis.readings import clean_readings, why_none_is_clean
from ergit.analysis.side import line_of, main_line_of, side_commits
from ergit.analysis.tests import KnownTests
from ergit.config.settings import ChangeSettings, GateSettings, InputSettings
from ergit.errors import exit_on_user_error
from ergit.git.runner import git_in
from ergit.inputs.equal import Builds
from ergit.inputs.kinds import FileKinds
from ergit.records.commits import read_commits
from ergit.records.context import read_context
from ergit.records.energy_table import read_energy_table
from ergit.records.gate import write_gate
from ergit.records.test_table import read_study_tests
from ergit.records.tests import SetsOfTests


def main(job: Any) -> None:
    """The script of rule `verdict`."""
    settings, gate = convert(job.params.changes, ChangeSettings), convert(job.params.gate, GateSettings)
    history = read_commits(Path(job.input.commits))
    accepted = read_context(Path(job.input.context)).accepted
    with git_in(Path(job.params.mirror)) as git:
        side = side_commits(history, imported=not job.params.measure)
        asked = question(gate, git, history, accepted, side)
        anchors = anchors_named(settings.anchors, git, history)
        line = line_of(git, history, side, [sha for sha in (asked.head, asked.base) if sha])
    table = read_energy_table(Path(job.input.table))
    on_line = table[table["commit"].isin([row.commit for row in line])]
    readings = clean_readings(on_line, line, job.params.judged, job.input.table)
    readings = main_line_of(readings, history, {row.commit for row in history} - {row.commit for row in line})
    parts = detect(readings.observations, settings, positions_of(anchors, readings))
    planned = job.params.measure and Rounds(**job.params.measure)
    broken = broken_at(table, asked.head, job.params.results)
    decision = decide(asked, readings, parts, settings, broken, lambda sha: why_none_is_clean(table, [sha]))
    if decision.comparison is not None:
        kinds = FileKinds(convert(job.params.inputs, InputSettings), job.params.replaced)
        with git_in(Path(job.params.mirror)) as git:
            differs = differences_between(git, decision.comparison, readings, kinds, Builds(Path(job.params.builds)))
        decision = told_with(decision, differs, readings.kind)
    if decision.comparison is not None and job.input.tests:
        known = KnownTests(read_study_tests(Path(job.input.tests)), SetsOfTests(Path(job.params.results)))
        tests = known.between(decision.comparison.base[-1], decision.comparison.head[-1])
        decision = told_with_tests(decision, tests, readings.kind)
    record = gate_record(decision, asked.head, readings.kind, settings, gate, planned)
    write_gate(Path(job.output[0]), record)


if __name__ == "__main__":
    the_job = globals()["snakemake"]
    with exit_on_user_error(the_job.log[0]):
        main(the_job)
