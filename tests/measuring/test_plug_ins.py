"""The study's own batch stages stand among those around a reading, outside its window."""

import json
import os
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest

from ergit.config.settings import (
    BuildSettings,
    JobSettings,
    MeasureSettings,
    QuietSettings,
    RepositorySettings,
    StageFile,
    TemperatureSettings,
    WorkloadSettings,
)
from ergit.energy.estimate import EstimateSource
from ergit.energy.source import Source
from ergit.errors import ErgitError
from ergit.measuring.attempts import Attempt
from ergit.measuring.context import ReadingSetup
from ergit.measuring.measurement import Measurement
from ergit.measuring.plug_ins import PlugIn
from ergit.measuring.stages import order, with_plug_ins
from ergit.plugins.facts import StageFacts
from ergit.plugins.files import read_stage
from ergit.processes import trees
from ergit.processes.environment import child_environment
from ergit.records.commits import write_commits
from tests.fakes.plug_ins import write_stage

COMMIT = "0123456789abcdef0123456789abcdef01234567"
OWN = [
    *("prepare", "reports-before", "quiet", "temperature"),
    *("window", "temperature-after", "reports-after", "cleanup"),
]
SETTINGS = MeasureSettings(
    rest_seconds=0,
    minimum_window_seconds=0,
    temperature=TemperatureSettings(sensor=None),
    quiet=QuietSettings(foreign_cores=1000, wait_seconds=0),
)
SERVICE = """
import pathlib, time
pathlib.Path("ready").touch()
while not pathlib.Path("asked").exists(): time.sleep(0.01)
end = time.process_time() + 0.3
while time.process_time() < end: pass
pathlib.Path("answered").touch()
time.sleep(600)
"""
"""Says that it is ready, waits to be asked, works for 0.3 s, answers, and waits for its end."""


class Study:
    """A build dir in a temporary folder, and the stages of the study."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.tree = folder / "tree"
        self.tree.mkdir()
        write_commits(folder / "results/commits.tsv", [])
        self.paths: list[Path] = []

    def stage(self, name: str, body: str, **attributes: object) -> None:
        """Adds a batch stage."""
        self.paths.append(write_stage(self.folder / f"{name}.py", body, kind="batch", **attributes))

    def measurement(self, command: str, source: Source | None = None, **workload: Any) -> Measurement:
        """The measurement of this command, with the stages that were added."""
        stages = tuple(map(read_stage, self.paths))
        settings = JobSettings(
            repository=RepositorySettings(url="x"),
            java=None,
            build=BuildSettings(),
            workload=WorkloadSettings(command=command, timeout_seconds=20, **workload),
            measure=SETTINGS,
            stages=stages,
        )
        facts = StageFacts(settings, self.folder / "results/readings/1.json", COMMIT, 1)
        variables = {"COLOUR": "blue"}
        setup = ReadingSetup(
            workload=settings.measured_workload(),
            settings=SETTINGS,
            build_dir=self.tree,
            environment=child_environment(variables),
            log=self.folder / "log",
            source=source or EstimateSource(10),
            sensor=None,
            put={"of_the_build": 1},
            variables=variables,
        )
        return Measurement(setup, with_plug_ins([PlugIn(stage, facts) for stage in stages]))


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Study:
    """A study without stages."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ERGIT_RUN_STARTED", "1.0")
    return Study(tmp_path)


def plug_in(name: str, **position: str) -> StageFile:
    """A batch stage as it was found."""
    return StageFile(name=name, path=f"/{name}.py", sha256="", kind="batch", **position)


def test_a_stage_without_a_position_is_the_first_of_all() -> None:
    assert order([plug_in("a"), plug_in("b")]) == ["a", "b", *OWN]


def test_stages_stand_before_and_after_those_of_ergit_and_of_the_study_by_name() -> None:
    found = order(
        [
            plug_in("a", before="window"),
            plug_in("b", after="window"),
            plug_in("c", after="window"),
            plug_in("d", before="window"),
            plug_in("e", after="f"),
            plug_in("f", before="quiet"),
        ]
    )
    middle = ["prepare", "reports-before", "f", "e", "quiet", "temperature", "a", "d", "window", "b", "c"]
    assert found == [*middle, "temperature-after", "reports-after", "cleanup"]


@pytest.mark.parametrize(
    ("stages", "problem"),
    [
        (
            [plug_in("a", before="windows")],
            "a is to run before 'windows', which is no stage around a reading. These are prep",
        ),
        ([plug_in("a", after="a")], "a is to run after 'a', which is no stage"),
        ([plug_in("quiet")], "ergit itself has a stage quiet"),
        (
            [plug_in("a", after="b"), plug_in("b", after="a")],
            "each of the stages a and b is to run before or after another",
        ),
    ],
)
def test_a_position_that_there_is_not_is_refused(stages: list[StageFile], problem: str) -> None:
    with pytest.raises(ErgitError, match=problem):
        order(stages)


def test_each_stage_finds_the_reading_and_what_was_put_before_and_the_record_has_what_is_new(study: Study) -> None:
    study.stage("a", "context['first'] = [context['reading'], context['of_the_build'], context['kind']]")
    study.stage("b", "context['second'] = [context['reading']['status'], len(context['first'])]", after="window")
    reading = study.measurement("true").take(Attempt(2, 3))
    assert reading.context["first"] == [
        {
            "round": 1,
            "repeat": 2,
            "attempt": 3,
            "warmup": False,
            "status": "ok",
            "reason": None,
            "joules": None,
            "duration_seconds": None,
        },
        1,
        "batch",
    ]
    assert reading.context["second"] == ["ok", 3]
    assert "of_the_build" not in reading.context
    assert [(stage.name, stage.status) for stage in reading.stages] == [("a", "ok"), ("b", "ok")]


def test_a_stage_after_the_window_finds_its_joules_and_seconds(study: Study) -> None:
    study.stage("a", "context['found'] = context['reading']", after="window")
    reading = study.measurement("sleep 0.1").take(Attempt(1))
    found = reading.context["found"]
    assert isinstance(found, dict)
    assert (found["joules"], found["duration_seconds"]) == (reading.joules, reading.duration_seconds)


def test_a_variable_reaches_the_workload_of_its_reading_and_no_other(study: Study) -> None:
    study.stage("a", "if context['reading']['repeat'] == 1: context['environment']['COLOUR'] += '-ish'")
    measurement = study.measurement('echo "$COLOUR" >> ../seen')
    for repeat in (1, 2):
        assert measurement.take(Attempt(repeat)).status == "ok"
    assert (study.folder / "seen").read_text() == "blue-ish\nblue\n"


def test_a_stage_that_fails_before_the_window_is_the_failure_of_the_reading_and_the_workload_does_not_run(
    study: Study,
) -> None:
    study.stage("a", "raise OSError('no database')")
    study.stage("b", "context['x'] = 1")
    study.stage("c", "context['given_back'] = context['reading']['reason']", after="window", runs_after_failure=True)
    reading = study.measurement("touch ran").take(Attempt(1))
    reason = "stage a: a.py, line 14: OSError: no database"
    assert (reading.status, reading.reason, reading.joules) == ("failed", reason, {})
    assert reading.context == {"given_back": reason}
    assert not (study.tree / "ran").exists()


def test_a_stage_that_fails_after_the_window_leaves_the_reading_without_joules_but_with_its_seconds(
    study: Study,
) -> None:
    study.stage("a", "context['build_failed'] = True; context['reason'] = 'wrong output'", after="window")
    reading = study.measurement("sleep 0.2").take(Attempt(1))
    assert (reading.status, reading.reason, reading.joules) == ("failed", "stage a: wrong output", {})
    assert 0.2 <= reading.duration_seconds < 20


def test_a_stage_that_hangs_is_timed_out(study: Study) -> None:
    study.stage("a", "time.sleep(60)", timeout_seconds=0.3)
    reading = study.measurement("true").take(Attempt(1))
    assert (reading.status, reading.reason) == ("timeout", "stage a: it took longer than 0.3 s")


def test_abort_pipeline_ends_the_job_without_a_reading(study: Study) -> None:
    study.stage("a", "context['abort_pipeline'] = True; context['reason'] = 'it is day'")
    with pytest.raises(ErgitError, match="The stage a set abort_pipeline, so the run ends here: it is day"):
        study.measurement("true").take(Attempt(1))


def test_no_process_of_a_stage_is_there_while_the_window_is_open(study: Study) -> None:
    for name, position in (("a", {}), ("b", {"before": "window"}), ("c", {"after": "window"})):
        study.stage(name, "pass", **position)
    command = f"ps -ww -o args= --ppid {os.getpid()} > ../children; ps -ww -eo args= > ../all"
    assert study.measurement(command).take(Attempt(1)).status == "ok"
    assert f"{study.folder}/results" not in (study.folder / "all").read_text()  # where a stage finds its request
    assert (study.folder / "children").read_text().count("launcher") == 1  # that of the workload itself


def alive_children() -> set[int]:
    """The processes that this one has started and that still run; those of other tests' servers are among them."""
    return {pid for pid in trees.children(os.getpid()) if trees.is_alive(pid)}


def test_a_service_runs_through_the_window_is_no_foreign_load_and_is_ended_after_the_reading(study: Study) -> None:
    before = alive_children()
    (study.folder / "service.py").write_text(SERVICE)
    ready = "while not Path('ready').exists(): time.sleep(0.01)"  # what it takes to start is outside the window
    study.stage("a", f"subprocess.Popen([sys.executable, '../service.py'])\n{ready}")
    measurement = study.measurement("touch asked; until [ -e answered ]; do sleep 0.01; done")
    reading = measurement.take(Attempt(1))
    assert (reading.status, reading.reason) == ("ok", None)
    assert reading.conditions is not None
    assert reading.conditions.service_cpu_seconds == pytest.approx(0.3, abs=0.15)
    assert reading.joules["package"] == pytest.approx(
        10 * (reading.cpu_seconds + reading.conditions.service_cpu_seconds)
    )
    assert not any(flag.startswith(("left-behind", "unfinished")) for flag in reading.flags)
    assert alive_children() <= before


def test_a_service_outlives_a_workload_that_kills_its_own_parent(study: Study) -> None:
    before = alive_children()
    study.stage("a", "subprocess.Popen(['sleep', '7134'])")
    study.stage(
        "b", "context['alive'] = subprocess.run(['pgrep', '-f', '^sleep 7134$']).returncode == 0", after="window"
    )
    reading = study.measurement("kill -9 $PPID; sleep 0.2").take(Attempt(1))
    assert (reading.status, reading.context) == ("ok", {"alive": True})
    assert alive_children() <= before


def test_the_record_of_a_reading_without_stages_says_so(study: Study) -> None:
    found = json.loads(msgspec.json.encode(study.measurement("true").take(Attempt(1))))
    assert (found["stages"], found["context"], found["conditions"]["service_cpu_seconds"]) == ([], {}, None)


@pytest.mark.alone
def test_three_stages_leave_the_joules_as_they_are_and_their_cost_is_outside_the_window(study: Study) -> None:
    """Paired readings, in turn with and without the stages; the estimate counts the CPU time of the workload."""
    work = "end=$((SECONDS + 0)); for ((i = 0; i < 60000; i++)); do :; done"
    bare = study.measurement(work)
    for name, position in (("a", {}), ("b", {"before": "window"}), ("c", {"after": "window"})):
        study.stage(name, "sum(range(10**6)); Path('made').write_bytes(bytes(10**7))", **position)
    staged = study.measurement(work)
    joules: dict[str, list[float]] = {"bare": [], "staged": []}
    cost: list[float] = []
    for repeat in range(1, 16):
        for name, measurement in (("bare", bare), ("staged", staged)):
            began = time.monotonic()
            reading = measurement.take(Attempt(repeat))
            outside = time.monotonic() - began - reading.duration_seconds
            joules[name].append(reading.joules["package"])
            if name == "staged":
                cost.append(outside)
                assert sum(stage.seconds for stage in reading.stages) < outside
    middle = {name: sorted(values)[len(values) // 2] for name, values in joules.items()}
    spread = sorted(joules["bare"])[-2] - sorted(joules["bare"])[1]
    print(f"medians {middle}, spread {spread:.3g} J; the stages took {sorted(cost)[len(cost) // 2]:.2f} s a reading")
    assert abs(middle["staged"] - middle["bare"]) <= max(spread, 0.05 * middle["bare"])
