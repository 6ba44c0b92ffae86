"""The pre stages of a run run once, before its jobs, and a run that was ended stays so until the next one."""

from pathlib import Path

import msgspec
import pytest

from ergit.config.settings import BuildSettings, JobSettings, MeasureSettings, RepositorySettings
from ergit.errors import ErgitError
from ergit.plugins.files import read_stage
from ergit.plugins.runs import begin, begin_apart, end
from ergit.records.run import read_run
from tests.fakes.plug_ins import write_stage


@pytest.fixture(autouse=True)
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a study, in its first run."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ERGIT_RUN_STARTED", "1.0")
    return tmp_path


def settings_with(*stages: Path) -> JobSettings:
    """Those of a study with these stages."""
    return JobSettings(
        repository=RepositorySettings(url="x"),
        java=None,
        build=BuildSettings(environment={"COLOUR": "blue"}),
        workload=None,
        measure=MeasureSettings(),
        stages=tuple(map(read_stage, stages)),
    )


def test_without_stages_nothing_is_written(study: Path) -> None:
    assert begin(settings_with()) == {}
    assert not (study / "results").exists()


def test_pre_stages_run_once_a_run_in_the_study_s_folder_with_the_variables_of_builds(
    study: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = """
    with open('count', 'a') as file:
        file.write('x')
    context['seen'] = [os.getcwd(), os.environ['COLOUR'], context['commit'], context['paths']['tree']]
    """
    settings = settings_with(
        write_stage(study / "a.py", body, kind="pre"),
        write_stage(study / "b.py", "context['count'] = len(context['seen'])", kind="pre"),
        write_stage(study / "c.py", "raise ValueError"),
    )
    for _ in range(2):
        assert begin(settings) == {"seen": [str(study), "blue", None, None], "count": 4}
    assert (study / "count").read_text() == "x"
    monkeypatch.setenv("ERGIT_RUN_STARTED", "2.0")
    begin(settings)
    assert (study / "count").read_text() == "xx"
    assert (study / "results/pre.a.log").read_text() == "--- a\n"


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("raise OSError('no counter')", "stage a: a.py, line 14: OSError: no counter. Its log is results/pre.a.log."),
        ("context['build_failed'] = True; context['reason'] = 'odd'", "stage a: odd."),
        ("context['abort_pipeline'] = True; context['reason'] = 'at night only'", "stage a: at night only."),
    ],
)
def test_a_pre_stage_that_fails_or_aborts_stops_the_run_for_every_job(study: Path, body: str, why: str) -> None:
    settings = settings_with(write_stage(study / "a.py", f"Path('count').open('a').write('x'); {body}", kind="pre"))
    for _ in range(2):
        with pytest.raises(ErgitError) as caught:
            begin(settings)
        assert "Before anything was built or measured, so the run ends here: " in str(caught.value)
        assert why in str(caught.value)
    assert (study / "count").read_text() == "x"


def test_the_workflow_runs_them_in_a_process_of_its_own(study: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = settings_with(write_stage(study / "a.py", "raise OSError('no counter')", kind="pre"))
    monkeypatch.setenv("ERGIT_SETTINGS_TEST", msgspec.json.encode(settings).decode())
    with pytest.raises(ErgitError, match=r"^Before anything was built or measured, .*OSError: no counter"):
        begin_apart("ERGIT_SETTINGS_TEST")


def test_a_run_that_was_ended_refuses_every_further_job_and_keeps_what_pre_stages_put(study: Path) -> None:
    settings = settings_with(write_stage(study / "a.py", "context['x'] = 1", kind="pre"))
    assert begin(settings) == {"x": 1}
    assert "The stage guard set abort_pipeline, so the run ends here: it is hot." in str(
        end(settings, "guard", "it is hot")
    )
    with pytest.raises(ErgitError, match="it is hot"):
        begin(settings)
    assert read_run(study / "results/run.json").context == {"x": 1}
