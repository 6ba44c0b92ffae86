"""What the stages around a reading work with: the same for all readings of a job, and what is known of one reading."""

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path

from msgspec import Struct, field
from msgspec.structs import replace

from ergit.building.reasons import printed, with_line
from ergit.config.settings import MeasureSettings, WorkloadSettings
from ergit.disk import refuse_full_disk
from ergit.energy.source import Energy, Source
from ergit.errors import ErgitError
from ergit.machine.kernel import Machine
from ergit.machine.temperature import Sensor
from ergit.measuring.attempts import Attempt
from ergit.measuring.flags import judged_again, limits_of
from ergit.measuring.reports import Stamp
from ergit.processes import output
from ergit.processes.environment import child_environment
from ergit.processes.run import Leftover, Outcome, Window, failure_reason, run
from ergit.processes.sandbox import Sandbox
from ergit.records.readings import CountedTests, Reading, ReadingStatus, WindowConditions
from ergit.records.record import JsonObject
from ergit.records.stages import StageOutcome
from ergit.records.tests import SetsOfTests
from ergit.stages import PipelineStage

NOTHING_READ = Energy({}, (), None)


class ReadingSetup(Struct, frozen=True):
    """All that stays the same for the readings of one job."""

    workload: WorkloadSettings
    settings: MeasureSettings
    build_dir: Path  # where the build was unpacked
    environment: Mapping[str, str]
    log: Path  # the workload's output is added to it
    source: Source
    sensor: Sensor | None
    machine: Machine = field(default_factory=Machine)
    put: JsonObject = field(default_factory=dict)  # what stages of the study have put into the context before
    variables: Mapping[str, str] = field(default_factory=dict)  # what is set in the environment for the commit
    sandbox: Sandbox | None = None  # for the commands of the workload
    tests: SetsOfTests | None = None  # where what tests did is kept, if reports are asked for
    tell_wait: Callable[[str | None], None] = lambda _: None
    """Tells a person what a reading is held back for; None: for nothing any more."""
    refuse_stopped: Callable[[], None] = lambda: None
    """Raises ErgitError once somebody has asked the run to stop."""
    timed_out: set[str] = field(default_factory=set)
    """Gates that timed out in this job. They are not waited at again: what follows is flagged at once."""

    def run(
        self, command: str, title: str, timeout_seconds: float, window: Window | None = None, loops: int = 1
    ) -> Outcome:
        """Runs a command of the workload where it belongs, its output under a title in the log.

        Raises:
            ErgitError: a disk is full, whatever the command says of itself.
        """
        start = output.head(self.log, title)
        outcome = run(
            command,
            directory=self.build_dir / self.workload.directory,
            inside=self.build_dir,
            environment=self.environment,
            timeout_seconds=timeout_seconds,
            log=self.log,
            window=window,
            loops=loops,
            sandbox=self.sandbox,
        )
        refuse_full_disk((self.log.parent, self.build_dir.parent))
        output.shorten(self.log, start)
        return outcome

    def reason_of(self, what: str, outcome: Outcome, timeout_seconds: float, loops: int = 1) -> str | None:
        """Why a command of the workload does not count as done, with the line of its output; None where it does."""
        reason = failure_reason(what, outcome, timeout_seconds, loops)
        return with_line(reason, outcome.exit_code, printed(self.log, outcome.output_start), self.build_dir)


class ReadingContext(Struct):
    """What is known of one reading so far; each stage adds its part."""

    setup: ReadingSetup
    attempt: Attempt
    status: ReadingStatus = "ok"
    reason: str | None = None
    outcome: Outcome | None = None  # of the command that decides: the workload, or a `prepare` that failed
    energy: Energy = NOTHING_READ
    has_window: bool = False
    conditions: WindowConditions = field(default_factory=WindowConditions)
    flags: list[str] = field(default_factory=list)  # those that do not follow from the conditions
    put: JsonObject = field(default_factory=dict)  # what stages of the study have put into the context around it
    stages: list[StageOutcome] = field(default_factory=list)  # of the study's own
    reports: dict[Path, Stamp] | None = None  # of tests, as they were before the window
    tests: CountedTests | None = None
    services: list[Leftover] = field(default_factory=list)  # what these have left running for the workload
    until_its_end: ExitStack = field(default_factory=ExitStack)
    """What is given back when the reading is over."""

    @property
    def has_failed(self) -> bool:
        """Whether the workload did not do its work, so that there is nothing more to measure."""
        return self.status in {"failed", "timeout"}

    def fail(self, outcome: Outcome, reason: str | None) -> None:
        """Records that a command did not end well."""
        self.outcome, self.reason = outcome, reason
        self.status = outcome.status

    def set_variables(self, variables: Mapping[str, str]) -> None:
        """Sets what is set in the environment for the commit from now on, in this reading."""
        if variables != self.setup.variables:
            environment = child_environment(variables, in_sandbox=self.setup.sandbox is not None)
            self.setup = replace(self.setup, variables=variables, environment=environment)

    def note(self, **conditions: object) -> None:
        """Adds fields of `WindowConditions` that were seen."""
        self.conditions = replace(self.conditions, **conditions)

    def reading(self) -> Reading:
        """The record of this reading; only one that is ok has joules.

        Raises:
            ErgitError: no stage has run the workload.
        """
        outcome = self.outcome
        if outcome is None:
            raise ErgitError("None of the stages around a reading runs the workload.")
        missing = {name: reason for name, reason in ABSENT.items() if getattr(self.conditions, name) is None}
        reading = Reading(
            repeat=self.attempt.repeat,
            attempt=self.attempt.attempt,
            warmup=self.attempt.warmup,
            status=self.status,
            exit_code=outcome.exit_code,
            signal=outcome.signal,
            reason=self.reason,
            started=outcome.started,
            duration_seconds=outcome.duration_seconds,
            cpu_seconds=outcome.cpu_seconds,
            loops=max(1, outcome.loops),
            joules=self.energy.joules if self.status == "ok" else {},
            counters=self.energy.counters,
            flags=tuple(self.flags),
            conditions=replace(self.conditions, missing=missing) if self.has_window else None,
            counted_seconds=self.energy.seconds,
            stages=tuple(self.stages),
            context=self.put,
            tests=self.tests,
        )
        return judged_again(reading, limits_of(self.setup.settings))


class ReadingStage(PipelineStage[ReadingContext]):
    """A stage around a reading."""

    kind = "batch"


ABSENT = {
    "foreign_cores_before": "a warm-up is not held back",
    "steal_cores_before": "a warm-up is not held back",
    "check_seconds": "a warm-up is not held back",
    "pressure_seconds": "the kernel does not tell pressure (/proc/pressure)",
    "throttles": "no processor counts its throttling (thermal_throttle)",
    "celsius_before": "no temperature sensor is used",
    "celsius_after": "no temperature sensor is used",
    "frequency_megahertz_before": "no processor tells its frequency (cpufreq)",
    "frequency_megahertz_after": "no processor tells its frequency (cpufreq)",
}
