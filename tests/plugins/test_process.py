"""A stage runs in a process of its own, in the commit's environment; whatever it does is told as its own failure."""

import os
import sys
import time
from pathlib import Path

import pytest

from ergit.config.settings import BuildSettings, JobSettings, MeasureSettings, RepositorySettings, SandboxSettings
from ergit.errors import ErgitError
from ergit.plugins.facts import StageFacts
from ergit.plugins.files import read_stage
from ergit.plugins.process import StageResult, run_stage
from ergit.plugins.runner import commits_python
from ergit.processes import trees
from ergit.records.commits import CommitRow, write_commits
from ergit.records.java import ChosenJdk, JavaRecord, write_java
from tests.fakes.needs import needs_bubblewrap
from tests.fakes.plug_ins import line_of, write_stage

COMMIT = "0123456789abcdef0123456789abcdef01234567"


class Study:
    """A study's folder with one commit, its tree, and stages."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.tree = folder / "tree"
        self.tree.mkdir()

    def run(
        self,
        body: str,
        put: dict[str, object] | None = None,
        variables: dict[str, str] | None = None,
        reading: dict[str, object] | None = None,
        **attributes: object,
    ) -> StageResult:
        """What became of a stage with this body."""
        stage = read_stage(write_stage(self.folder / "a.py", body, **attributes))
        with run_stage(
            stage,
            self.facts(stages=(stage,)),
            self.tree,
            put=put or {},
            variables=variables or {},
            tree=self.tree,
            reading=reading,
        ) as result:
            return result

    def facts(self, **settings: object) -> StageFacts:
        """Those of the commit's build."""
        parts = {
            "repository": RepositorySettings(url="https://me:secret@example.org/x.git"),
            "java": None,
            "build": BuildSettings(commands=("make",)),
            "workload": None,
            "measure": MeasureSettings(rounds=7),
            "results": str(self.folder / "results"),
        }
        return StageFacts(JobSettings(**{**parts, **settings}), self.folder / f"results/build/{COMMIT}.json", COMMIT)

    @property
    def log(self) -> str:
        """What the stage printed."""
        return (self.folder / f"results/build/{COMMIT}.a.log").read_text()

    def line(self, text: str) -> int:
        """The line of the stage's file that holds the text."""
        return line_of(self.folder / "a.py", text)


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Study:
    """A study."""
    monkeypatch.chdir(tmp_path)
    write_commits(
        tmp_path / "results/commits.tsv",
        [
            CommitRow(
                commit=COMMIT,
                order=4,
                date="2024-02-03T04:05:06+00:00",
                author="Ada",
                subject="Say hello",
                parents=("f" * 40,),
                tree="e" * 40,
                tags=("v1",),
                first_parent=True,
                chosen=True,
                reason="",
            )
        ],
    )
    jdk = ChosenJdk(home="/jdk", release=21, version="21.0.1", vendor=None)
    java = JavaRecord(commit=COMMIT, status="ok", wanted=17, wanted_from="pom.xml", chosen=jdk, reason="fits")
    write_java(tmp_path / f"results/java/{COMMIT}.json", java)
    return Study(tmp_path)


def test_what_a_stage_puts_into_the_context_is_handed_on(study: Study) -> None:
    result = study.run("context['made'] = {'of': [1, 2.5, None, True, 'x']}", put={"before": 1})
    assert result.reason is None
    assert result.put == {"before": 1, "made": {"of": [1, 2.5, None, True, "x"]}}


def test_a_key_that_a_stage_removes_is_gone(study: Study) -> None:
    assert study.run("del context['before']", put={"before": 1}).put == {}


def test_a_stage_finds_the_commit_and_what_git_knows_of_it(study: Study) -> None:
    assert study.run("context['found'] = context['commit']").put["found"] == {
        "sha": COMMIT,
        "subject": "Say hello",
        "author": "Ada",
        "date": "2024-02-03T04:05:06+00:00",
        "order": 4,
        "parents": ["f" * 40],
        "tags": ["v1"],
    }


def test_a_stage_finds_the_jdk_that_builds_the_commit(study: Study) -> None:
    stage = read_stage(write_stage(study.folder / "a.py", "pass"))
    older = ChosenJdk(home="/jdk11", release=11, version="11.0.2", vendor=None)
    for facts, home in ((study.facts(), "/jdk"), (study.facts().with_jdk(older), "/jdk11")):
        java = facts.context(stage, None, None)["java"]
        assert isinstance(java, dict)
        assert (java["chosen"]["home"], java["wanted"]) == (home, 17)


def test_a_stage_finds_the_paths(study: Study) -> None:
    assert study.run("context['found'] = context['paths']").put["found"] == {
        "study": str(study.folder),
        "results": str(study.folder / "results"),
        "tree": str(study.tree),
        "log": str(study.folder / f"results/build/{COMMIT}.a.log"),
    }


def test_a_stage_finds_the_config_without_a_password(study: Study) -> None:
    found = study.run("context['found'] = context['config']").put["found"]
    assert isinstance(found, dict)
    assert list(found) == ["repository", "java", "build", "workload", "measure", "modules_enabled"]
    assert (found["build"]["commands"], found["measure"]["rounds"], found["modules_enabled"]) == (["make"], 7, ["a.py"])
    assert found["repository"]["url"] == "https://example.org/x.git"


def test_a_stage_finds_the_jdk_its_own_name_and_kind_and_the_reading(study: Study) -> None:
    body = (
        "context['found'] = [context['java']['chosen']['home'], context['stage'], context['kind'], context['reading']]"
    )
    assert study.run(body, reading={"repeat": 2}, kind="batch").put["found"] == ["/jdk", "a", "batch", {"repeat": 2}]


def test_signals_are_false_until_a_stage_sets_them(study: Study) -> None:
    body = "context['found'] = [context[key] for key in ('build_failed', 'abort_pipeline', 'reason')]"
    assert study.run(body).put["found"] == [False, False, None]


def test_variables_reach_the_stage_s_own_commands_and_those_it_sets_are_handed_on(study: Study) -> None:
    body = """
    subprocess.run("echo $COLOUR $PWD", shell=True, check=True)
    context['environment']['SHADE'] = context['environment']['COLOUR'] + '-ish'
    """
    result = study.run(body, variables={"COLOUR": "blue"})
    assert f"blue {study.tree}\n" in study.log
    assert result.variables == {"COLOUR": "blue", "SHADE": "blue-ish"}


def test_a_stage_ends_a_build_with_its_reason(study: Study) -> None:
    result = study.run("context['build_failed'] = True\ncontext['reason'] = 'no licence'")
    assert (result.recorded.status, result.reason) == ("failed", "stage a: no licence")
    assert study.run("context['build_failed'] = True").reason == "stage a: it set build_failed, and no reason"


def test_a_stage_ends_the_run_with_its_reason(study: Study) -> None:
    result = study.run("context['abort_pipeline'] = True\ncontext['reason'] = 'on battery'")
    assert (result.aborted, result.reason) == ("on battery", None)


def test_python_of_a_stage_is_that_of_the_commit_not_that_of_ergit(study: Study) -> None:
    (study.folder / "bin").mkdir()
    (study.folder / "bin/python3").symlink_to("/bin/true")
    result = study.run("context['found'] = sys.executable", variables={"PATH": f"{study.folder}/bin:/bin:/usr/bin"})
    assert result.put["found"] == f"{study.folder}/bin/python3"


def test_ergit_s_own_python_is_not_on_the_path_of_what_a_stage_starts(study: Study) -> None:
    study.run("subprocess.run('command -v python3; echo venv: $VIRTUAL_ENV', shell=True, check=True)")
    assert sys.prefix not in study.log
    assert "venv:\n" in study.log


def test_modules_of_the_tree_and_variables_of_the_commit_change_nothing_in_the_stage_s_process(study: Study) -> None:
    for name in ("json", "traceback", "ergit"):
        (study.tree / f"{name}.py").write_text("raise SystemExit('hostile')")
    hostile = {"PYTHONPATH": str(study.tree), "PYTHONHOME": "/nowhere", "PYTHONSTARTUP": "/nowhere"}
    assert study.run("pass", variables=hostile).reason is None


def test_an_error_is_told_with_file_and_line_of_the_stage_and_without_ergit_s_stack(study: Study) -> None:
    result = study.run("subprocess.run(['false'], check=True)")
    line = study.line("'false'")
    what = "CalledProcessError: Command '['false']' returned non-zero exit status 1."
    assert result.reason == f"stage a: a.py, line {line}: {what}"
    assert f'a.py", line {line}, in run' in study.log
    assert "runner.py" not in study.log


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("raise KeyError('x')", "a.py, line 13: KeyError: 'x'"),
        ("raise KeyboardInterrupt", "a.py, line 13: KeyboardInterrupt"),
        ("sys.exit(0)", "a.py, line 13: it called sys.exit(0) instead of returning or raising"),
        ("os._exit(0)", "it ended its own process with status 0 before run() had returned"),
        ("os._exit(7)", "it ended its own process with status 7 before run() had returned"),
        ("os.kill(os.getpid(), 9)", "it was killed by SIGKILL"),
        ("os.kill(os.getppid(), 9); time.sleep(0.3)", None),
        ("import shutil; shutil.rmtree(context['paths']['results'])", "it ended its own process with status 1 before"),
        ("context['x'] = {1, 2}", "a.py: context['x'] is a set. JSON holds texts, numbers, True"),
        ("context['x'] = {'y': [Path('z')]}", "a.py: context['x']['y'][0] is a PosixPath. JSON holds"),
        ("context['x'] = float('nan')", "a.py: context['x'] is nan. JSON holds"),
        ("context['x'] = {1: 2}", "a.py: context['x'] has the key 1, which is no text. JSON holds"),
        ("context[1] = 2", "a.py: the key 1 is no text. JSON holds"),
        ("context['x'] = '\\ud800'", "a.py: context['x'] is not a text that UTF-8 can hold."),
        ("x = []; x.append(x); context['x'] = x", "[0] is nested more than 50 levels deep."),
        ("context['x'] = 'y' * 2_000_000", "most of them in context['x']. It stands in each record"),
        ("context['commit']['sha'] = 'x'", "a.py: context['commit'] is ergit's own and cannot be changed."),
        ("del context['paths']", "a.py: context['paths'] is ergit's own and cannot be changed."),
        ("context['environment']['X'] = 1", "a.py: context['environment']['X'] is 1; a variable has a name"),
        ("del context['environment']", "a.py: context['environment'] has to stay a dict of variables."),
        ("context['build_failed'] = 'no'", "a.py: context['build_failed'] is 'no'; it is True or False."),
    ],
)
def test_what_goes_wrong_in_a_stage_is_told_as_its_failure(study: Study, body: str, told: str | None) -> None:
    result = study.run(body)
    if told is None:
        assert result.reason is None  # its parent is no program of ergit's
    else:
        assert result.recorded.status == "failed"
        assert told in (result.reason or "")
        assert result.put == {}


def is_sleeping(pid: int) -> bool:
    """Whether the process is a `sleep` that runs; one that has ended may still wait to be looked after."""
    return trees.name(pid) == "sleep" and trees.is_alive(pid)


def test_a_stage_that_hangs_is_ended_with_all_it_started(study: Study) -> None:
    before = time.monotonic()
    result = study.run("subprocess.run(['sleep', '7131'])", timeout_seconds=0.5)
    assert (result.recorded.status, result.reason) == ("timeout", "stage a: it took longer than 0.5 s")
    assert time.monotonic() - before < 120  # of the two hours that it would sleep
    assert not any(map(is_sleeping, trees.with_descendants([os.getpid()])))


def test_a_stage_that_prints_a_gigabyte_is_ended_and_a_megabyte_of_it_is_kept(study: Study) -> None:
    result = study.run("for _ in range(1000): os.write(1, b'x' * 1_000_000)")
    assert result.reason == "stage a: it printed more than 64 MB"
    assert len(study.log) < 1_100_000


def test_an_attribute_that_the_stage_sets_elsewhere_is_refused(study: Study) -> None:
    path = write_stage(study.folder / "a.py", "pass")
    path.write_text(path.read_text() + "Stage.timeout_seconds = 5\n")
    stage = read_stage(path)
    with run_stage(stage, study.facts(stages=(stage,)), study.tree, put={}, variables={}, tree=study.tree) as result:
        assert "its timeout_seconds is 5, but the class says 600 in the file." in (result.reason or "")


def test_a_file_that_was_changed_since_the_run_began_is_refused(study: Study) -> None:
    stage = read_stage(write_stage(study.folder / "a.py", "pass"))
    write_stage(study.folder / "a.py", "print()")
    with (
        pytest.raises(ErgitError, match=r"a\.py was changed while the study ran"),
        run_stage(stage, study.facts(stages=(stage,)), study.tree, put={}, variables={}, tree=study.tree),
    ):
        pass


def test_a_file_in_another_encoding_with_another_end_of_lines_is_read_as_python_reads_it(study: Study) -> None:
    path = write_stage(study.folder / "a.py", "context['x'] = 'ü'\nprint('日本')")
    text = "# -*- coding: latin-1 -*-\n" + path.read_text().replace("日本", "Zürich")
    path.write_bytes(text.replace("\n", "\r\n").encode("latin-1"))
    stage = read_stage(path)
    facts, variables = study.facts(stages=(stage,)), {"LC_ALL": "C"}
    with run_stage(stage, facts, study.tree, put={}, variables=variables, tree=study.tree) as result:
        assert result.put == {"x": "ü"}
    assert "Zürich\n" in study.log


def test_where_ergit_is_in_no_virtual_environment_pip_installs_only_into_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PIP_REQUIRE_VIRTUALENV", raising=False)
    commits_python()
    assert "PIP_REQUIRE_VIRTUALENV" not in os.environ
    monkeypatch.setattr(sys, "prefix", sys.base_prefix)
    monkeypatch.setenv("PIP_REQUIRE_VIRTUALENV", "")
    commits_python()
    assert os.environ["PIP_REQUIRE_VIRTUALENV"] == "1"


def test_a_process_that_the_stage_forked_does_not_answer_for_it(study: Study) -> None:
    assert study.run("if os.fork() == 0: return\ntime.sleep(0.3); context['x'] = 1").put == {"x": 1}


def test_what_a_stage_leaves_running_goes_on_until_the_block_ends(study: Study) -> None:
    stage = read_stage(write_stage(study.folder / "a.py", "subprocess.Popen(['sleep', '7132'])", kind="batch"))
    with run_stage(stage, study.facts(stages=(stage,)), study.tree, put={}, variables={}, tree=study.tree) as result:
        assert result.leftover is not None
        assert result.outcome.left_behind == ("sleep",)
        assert any(map(is_sleeping, trees.with_descendants([os.getpid()])))
        before = result.leftover.cpu_seconds()
        assert 0 < before < 5
    assert not any(map(is_sleeping, trees.with_descendants([os.getpid()])))


def test_a_stage_that_leaves_nothing_running_has_no_process_left(study: Study) -> None:
    stage = read_stage(write_stage(study.folder / "a.py", "pass"))
    before = trees.children(os.getpid())
    with run_stage(stage, study.facts(stages=(stage,)), study.tree, put={}, variables={}, tree=study.tree) as result:
        assert result.leftover is None
        assert set(trees.children(os.getpid())) <= set(before)


@needs_bubblewrap
def test_in_a_sandbox_a_stage_works_in_the_tree_and_sees_nothing_else_of_the_study(study: Study) -> None:
    (study.folder / "results/build").mkdir(parents=True, exist_ok=True)
    (study.folder / "results/build/other.tar.gz").write_text("another commit's")
    body = "import os\nopen('made', 'w').close()\ncontext['seen'] = os.listdir(context['paths']['results'])"
    stage = read_stage(write_stage(study.folder / "a.py", body))
    facts = study.facts(stages=(stage,), sandbox=SandboxSettings(enabled=True, network="never"))
    with run_stage(stage, facts, study.tree, put={}, variables={}, tree=study.tree) as result:
        assert result.reason is None, study.log
    assert result.put == {"seen": ["build"]}
    assert (study.tree / "made").exists()


@needs_bubblewrap
def test_a_stage_before_all_runs_outside_of_the_sandbox(study: Study) -> None:
    stage = read_stage(
        write_stage(study.folder / "a.py", "import os\ncontext['seen'] = os.path.exists('a.py')", kind="pre")
    )
    facts = study.facts(stages=(stage,), sandbox=SandboxSettings(enabled=True))
    with run_stage(stage, facts, study.folder, put={}, variables={}) as result:
        assert result.put == {"seen": True}
