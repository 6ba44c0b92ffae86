"""The study's own pre-test stages run in the build dir, and what they say of a commit is recorded with its build."""

import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from ergit.building.build import BuildJob, build
from ergit.building.build_dir import build_dir_of
from ergit.building.dependencies import Dependencies
from ergit.config.settings import BuildSettings, JobSettings, MeasureSettings, RepositorySettings
from ergit.errors import ErgitError
from ergit.plugins.facts import StageFacts
from ergit.plugins.files import read_stage
from ergit.plugins.runs import begin
from ergit.records.commits import write_commits
from ergit.records.java import JavaRecord
from tests.fakes.plug_ins import write_stage

COMMIT = "0123456789abcdef0123456789abcdef01234567"
NO_JAVA = JavaRecord(commit=COMMIT, status="not-wanted", wanted=None, wanted_from=None, chosen=None, reason="")

Maker = Callable[..., BuildJob]


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Maker:
    """Makes the job of a commit with one file, `source`, and these stages."""
    (tmp_path / "tmp").mkdir()
    (tmp_path / "checkout").mkdir()
    (tmp_path / "checkout/source").write_text("text")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    monkeypatch.chdir(tmp_path)
    write_commits(tmp_path / "results/commits.tsv", [])

    def make(*stages: Path, command: str = "true", cache: str | None = None, **others: object) -> BuildJob:
        build_settings = BuildSettings(commands=(command,))
        settings = JobSettings(
            repository=RepositorySettings(url="x"),
            java=None,
            build=build_settings,
            workload=None,
            measure=MeasureSettings(),
            stages=tuple(map(read_stage, stages)),
        )
        return BuildJob(
            commit=COMMIT,
            java=NO_JAVA,
            checkout=tmp_path / "checkout",
            artifact=tmp_path / "results/build/a.tar.gz",
            settings=build_settings,
            fingerprint="f",
            log=tmp_path / "results/build/log",
            cache=cache,
            dependencies=Dependencies((), tmp_path / "results/dependencies", build_dir_of(COMMIT)),
            stages=StageFacts(settings, tmp_path / "results/build/a.json", COMMIT),
            **others,  # type: ignore[arg-type]
        )

    (tmp_path / "results/build").mkdir()
    return make


def packed(job: BuildJob) -> list[str]:
    """The paths in the artifact."""
    done = subprocess.run(["tar", "-tzf", job.artifact], capture_output=True, text=True, check=True)
    return sorted(done.stdout.split())


def test_a_stage_works_in_the_tree_before_the_build_and_another_after_it(make: Maker, tmp_path: Path) -> None:
    first = write_stage(tmp_path / "first.py", "Path('made').write_text(Path('source').read_text())")
    last = write_stage(tmp_path / "last.py", "context['built'] = Path('built').read_text()", after_build=True)
    job = make(last, first, command="cp made built; rm made")
    record = build(job)
    assert (record.status, record.reason) == ("ok", None)
    assert [(stage.name, stage.status) for stage in record.stages] == [("first", "ok"), ("last", "ok")]
    assert all(0 < stage.seconds < 120 for stage in record.stages)
    assert record.context == {"built": "text"}
    assert packed(job) == ["./", "./built", "./source"]


def test_a_variable_reaches_the_build_and_the_record_from_which_the_workload_has_it(
    make: Maker, tmp_path: Path
) -> None:
    first = write_stage(tmp_path / "first.py", "context['environment']['COLOUR'] = 'blue'")
    last = write_stage(tmp_path / "last.py", "context['environment']['SHADE'] = os.environ['COLOUR']", after_build=True)
    record = build(make(first, last, command='test "$COLOUR$SHADE" = blue'))
    assert record.status == "ok"
    assert record.environment == {"ERGIT_STUDY": str(tmp_path), "COLOUR": "blue", "SHADE": "blue"}


def test_a_later_stage_finds_what_earlier_ones_put_and_the_record_has_it_but_not_what_pre_stages_put(
    make: Maker, tmp_path: Path
) -> None:
    first = write_stage(tmp_path / "first.py", "context['count'] = context['start'] + 1")
    last = write_stage(tmp_path / "last.py", "context['count'] += context['start']", after_build=True)
    assert build(make(first, last, context={"start": 40})).context == {"count": 81}


@pytest.mark.parametrize("after_build", [False, True])
def test_a_stage_that_fails_is_the_failure_of_the_commit_s_build(
    make: Maker, tmp_path: Path, after_build: bool
) -> None:
    stage = write_stage(tmp_path / "first.py", "raise ValueError('no licence')", after_build=after_build)
    never = write_stage(tmp_path / "never.py", "Path(context['paths']['study'], 'ran').touch()", after_build=True)
    job = make(stage, never)
    record = build(job)
    assert record.status == "failed"
    assert record.reason == "stage first: first.py, line 14: ValueError: no licence"
    assert len(record.commands) == after_build
    assert packed(job) == []
    assert not (tmp_path / "ran").exists()


def test_build_failed_is_the_failure_with_its_reason(make: Maker, tmp_path: Path) -> None:
    stage = write_stage(tmp_path / "first.py", "context['build_failed'] = True; context['reason'] = 'too old'")
    record = build(make(stage))
    assert (record.status, record.reason, record.commands) == ("failed", "stage first: too old", ())


def test_a_stage_that_takes_too_long_is_timed_out(make: Maker, tmp_path: Path) -> None:
    record = build(make(write_stage(tmp_path / "first.py", "time.sleep(60)", timeout_seconds=0.3)))
    assert (record.status, record.reason) == ("timeout", "stage first: it took longer than 0.3 s")


def test_what_a_stage_leaves_running_is_ended_before_the_build(make: Maker, tmp_path: Path) -> None:
    stage = write_stage(tmp_path / "first.py", "subprocess.Popen(['sleep', '7133'])")
    assert build(make(stage, command="! ps -eo args | grep -q '^sleep 7133$'")).status == "ok"


def test_abort_pipeline_records_nothing_and_ends_the_run_until_the_next_one(
    make: Maker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ERGIT_RUN_STARTED", "1.0")
    job = make(write_stage(tmp_path / "a.py", "context['abort_pipeline'] = True; context['reason'] = 'on battery'"))
    assert job.stages is not None
    assert begin(job.stages.settings) == {}
    with pytest.raises(ErgitError, match="The stage a set abort_pipeline, so the run ends here: on battery"):
        build(job)
    with pytest.raises(ErgitError, match="on battery"):
        begin(job.stages.settings)
    monkeypatch.setenv("ERGIT_RUN_STARTED", "2.0")
    assert begin(job.stages.settings) == {}


def test_a_build_with_stages_is_not_taken_from_the_cache(make: Maker, tmp_path: Path) -> None:
    (tmp_path / "cache").mkdir()
    stage = write_stage(tmp_path / "first.py", "context['environment']['X'] = 'y'")
    for _ in range(2):
        record = build(make(stage, cache=str(tmp_path / "cache")))
        assert (record.cached, record.environment["X"]) == (False, "y")
    assert list((tmp_path / "cache").iterdir()) == []
