"""Finds the tests of one commit: runs the workload once, outside any measurement, and reads its reports."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar, Literal

from msgspec.structs import replace

from ergit.building.artifacts import is_evicted, unpack
from ergit.building.build_dir import locked_build_dir
from ergit.building.dependencies import dependencies_of
from ergit.building.eviction import evict_beyond
from ergit.building.sandboxes import measuring_sandbox
from ergit.config.handover import received
from ergit.config.settings import JobSettings
from ergit.config.study_files import refuse_edited
from ergit.disk import explain_write_error
from ergit.energy.source import Energy, Source
from ergit.errors import CommitError, exit_on_user_error
from ergit.measuring.attempts import Attempt
from ergit.measuring.commands import Cleanup, Prepare
from ergit.measuring.context import NOTHING_READ, ReadingContext, ReadingSetup, ReadingStage
from ergit.measuring.measurement import run_stages
from ergit.measuring.plug_ins import PlugIn
from ergit.measuring.stages import Stages, with_plug_ins
from ergit.measuring.tests import ReportsAfter, ReportsBefore
from ergit.plugins.facts import StageFacts
from ergit.plugins.runs import begin
from ergit.processes.environment import child_environment
from ergit.processes.parent import die_with_parent
from ergit.records.build import BuildRecord, read_build
from ergit.records.common_tests import FoundTests, write_found_tests
from ergit.records.readings import output_log_of
from ergit.records.tests import SetsOfTests


class NoSource(Source):
    """Reads nothing: what is run here is not measured."""

    name = "none"
    kind: ClassVar[Literal["measured", "estimated"]] = "estimated"
    domains = ()

    def start(self) -> None:
        """Nothing."""

    def stop(self) -> None:
        """Nothing."""

    def energy(self, cpu_seconds: float) -> Energy:  # noqa: ARG002
        """None."""
        return NOTHING_READ

    def close(self) -> None:
        """Nothing."""


class UnmeasuredRun(ReadingStage):
    """Runs the workload, without a window."""

    name = "window"

    def run(self, context: ReadingContext) -> None:
        """Notes how the command ended.

        Raises:
            ErgitError: a disk is full.
        """
        setup = context.setup
        limit = setup.workload.timeout_seconds
        outcome = setup.run(setup.workload.command, "the tests", limit)
        context.outcome, context.has_window = outcome, True
        if outcome.status != "ok":
            context.fail(outcome, setup.reason_of("the workload", outcome, limit))


KEPT = (Prepare, ReportsBefore, PlugIn, ReportsAfter, Cleanup)
"""The stages around a reading that also belong around a run that is not measured."""


def found_tests(build: BuildRecord, artifact: Path, facts: StageFacts, log: Path) -> FoundTests:
    """The tests of a commit that was built, or why they are not known.

    The study's own batch stages run around the command as they do around a reading.

    Raises:
        ErgitError: something is wrong with the machine or the settings, not with the commit.
    """
    commit, settings = build.commit, facts.settings
    if build.status != "ok":
        return FoundTests(commit=commit, results=None, reason=build.reason or build.status, seconds=0.0)
    workload, build_dir = settings.measured_workload(), Path(build.directory)
    sandbox = measuring_sandbox(settings, build_dir)
    dependencies = dependencies_of(settings, build_dir)
    variables = dependencies.variables({**build.environment, **workload.environment})
    sets = SetsOfTests(Path(settings.results))
    try:
        with locked_build_dir(build_dir):
            unpack(artifact, build_dir)
            dependencies.give_back()
            setup = ReadingSetup(
                workload=workload,
                settings=settings.measure,
                build_dir=build_dir,
                environment=child_environment(variables, in_sandbox=sandbox is not None),
                log=log,
                source=NoSource(),
                sensor=None,
                put=build.context,
                variables=variables,
                tests=sets,
                sandbox=sandbox,
            )
            context = ReadingContext(setup, Attempt(1))
            with context.until_its_end:
                run_stages(stages_around(facts), context)
    except CommitError as failure:
        return FoundTests(commit=commit, results=None, reason=str(failure), seconds=0.0)
    tests = context.tests
    seconds = context.outcome.duration_seconds if context.outcome else 0.0
    if context.status == "timeout" or tests is None or not sets.found:
        reason = context.reason or (tests.missing if tests else None)
        return FoundTests(commit=commit, results=None, reason=reason, seconds=seconds)
    return FoundTests(commit=commit, results=sets.found[-1], reason=context.reason, seconds=seconds)


def stages_around(facts: StageFacts) -> Stages:
    """The stages around a run that is not measured: no gates, no counters."""
    plug_ins = [PlugIn(stage, facts) for stage in facts.settings.stages_of("batch")]
    run = UnmeasuredRun()
    return tuple(
        run if stage.name == run.name else stage
        for stage in with_plug_ins(plug_ins)
        if stage.name == run.name or isinstance(stage, KEPT)
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """The program of rule `find_tests`."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("--build", "--artifact", "--output"):
        parser.add_argument(name, type=Path, required=True)
    parser.add_argument("--settings", required=True, help="the environment variable that holds the study's settings")
    options = parser.parse_args(arguments)
    die_with_parent()
    output: Path = options.output.absolute()
    with exit_on_user_error(), explain_write_error(output):
        output.parent.mkdir(parents=True, exist_ok=True)
        settings: JobSettings = received(options.settings)
        refuse_edited(settings)
        context = begin(settings)
        build, artifact = read_build(options.build), options.artifact.absolute()
        if build.status == "ok" and is_evicted(artifact):
            from ergit.building.again import built_again  # most jobs need not load what builds

            build, _ = built_again(settings, build, artifact, context)
        facts = StageFacts(settings, output, build.commit).with_jdk(build.java)
        facts.forget()
        log = output_log_of(output)
        log.unlink(missing_ok=True)
        try:
            found = found_tests(build, artifact, facts, log)
            write_found_tests(output, replace(found, fingerprint=settings.fingerprints.tests))
        finally:
            if build.status == "ok":
                evict_beyond(settings, artifact)


if __name__ == "__main__":
    main()
