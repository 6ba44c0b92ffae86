"""What `modules_enabled` names is found, read without being run, and refused with the line where it is no stage."""

from pathlib import Path

import pytest

from ergit.errors import ErgitError
from ergit.plugins.files import SHIPPED, enabled_stages, read_stage
from tests.fakes.plug_ins import write_stage

SEED = """
from ergit.stages import PipelineStage

raise SystemExit("the file was run")

class PythonEnvStage(PipelineStage):
    def run(self, context):
        pass

def get_stage():
    return PythonEnvStage()
"""


def refusal(path: Path, text: str) -> str:
    """What is said of a file with this text."""
    path.write_text(text)
    with pytest.raises(ErgitError) as caught:
        read_stage(path)
    return str(caught.value)


def test_a_stage_without_attributes_is_a_pre_test_stage_named_like_its_file_and_is_not_run(tmp_path: Path) -> None:
    (tmp_path / "python_env_stage.py").write_text(SEED)
    stage = read_stage(tmp_path / "python_env_stage.py")
    assert (stage.name, stage.kind, stage.after_build) == ("python_env_stage", "pre-test", False)
    assert (stage.before, stage.after, stage.runs_after_failure, stage.timeout_seconds) == (None, None, False, 600)


def test_attributes_are_those_of_the_class_and_of_the_classes_it_inherits_from(tmp_path: Path) -> None:
    text = SEED.replace(
        "def get_stage", "class Own(PythonEnvStage):\n    kind: str = 'batch'\n    after = 'window'\n\ndef get_stage"
    )
    text = text.replace("    def run", "    timeout_seconds = 2.5\n    kind = 'pre'\n    def run").replace(
        "return Python", "return Own() or Python"
    )
    (tmp_path / "a.py").write_text(text.replace("return Own() or PythonEnvStage()", "return Own()"))
    stage = read_stage(tmp_path / "a.py")
    assert (stage.kind, stage.after, stage.timeout_seconds) == ("batch", "window", 2.5)


def test_the_study_s_folder_comes_before_its_modules_and_these_before_those_of_ergit(tmp_path: Path) -> None:
    assert [Path(stage.path).parent for stage in enabled_stages(["python_env_stage.py"], tmp_path)] == [SHIPPED]
    own = write_stage(tmp_path / "modules/python_env_stage.py", "pass")
    assert [stage.path for stage in enabled_stages(["python_env_stage.py"], tmp_path)] == [str(own)]
    nearest = write_stage(tmp_path / "python_env_stage.py", "pass")
    assert [stage.path for stage in enabled_stages(["python_env_stage.py"], tmp_path)] == [str(nearest)]
    assert [stage.path for stage in enabled_stages([str(own)], tmp_path)] == [str(own)]


def test_a_file_that_is_not_there_is_an_error_that_says_where_was_looked(tmp_path: Path) -> None:
    with pytest.raises(ErgitError) as caught:
        enabled_stages(["pyton.py"], tmp_path)
    assert f"there is no stage 'pyton.py': neither {tmp_path}/pyton.py nor {tmp_path}/modules/pyton.py" in str(
        caught.value
    )


def test_two_stages_of_one_name_are_refused(tmp_path: Path) -> None:
    write_stage(tmp_path / "a.py", "pass")
    write_stage(tmp_path / "more/a.py", "pass")
    with pytest.raises(ErgitError, match="two stages are called a"):
        enabled_stages(["a.py", "more/a.py"], tmp_path)


@pytest.mark.parametrize("name", ["a.txt", "output.py", "two words.py"])
def test_a_name_that_cannot_be_that_of_a_stage_is_refused(tmp_path: Path, name: str) -> None:
    write_stage(tmp_path / name, "pass")
    with pytest.raises(ErgitError, match="is no name of a stage"):
        enabled_stages([name], tmp_path)


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("def run(self, context):", "def run(self, context:", "a.py, line 7: '(' was never closed."),
        ("def get_stage():", "def stage():", "a.py: it has no function get_stage()"),
        ("return PythonEnvStage()", "return make()", "a.py, line 10: get_stage() has to return an instance of a class"),
        (
            "    def run",
            "    kind = 'pretest'\n    def run",
            "a.py, line 7: kind is 'pretest'. Invalid enum value 'pretest'",
        ),
        ("    def run", "    timeout_seconds = 0\n    def run", "a.py, line 7: timeout_seconds is 0."),
        (
            "    def run",
            "    timeout_seconds = SIXTY\n    def run",
            "a.py, line 7: timeout_seconds has to be written out",
        ),
        (
            "    def run",
            "    before = 'window'\n    def run",
            "before, after and runs_after_failure are for batch stages",
        ),
        ("    def run", "    kind = 'pre'\n    after_build = True\n    def run", "after_build is for pre-test stages"),
        (
            "    def run",
            "    kind = 'batch'\n    before = after = 'window'\n    def run",
            "it has both before and after",
        ),
        ("    def run", "    x = '\0'\n    def run", "a.py"),
    ],
)
def test_what_is_wrong_with_a_stage_is_said_with_its_line(tmp_path: Path, old: str, new: str, problem: str) -> None:
    said = refusal(tmp_path / "a.py", SEED.replace(old, new))
    assert problem in said
    assert said.endswith("docs/stages.md shows how a stage is written.")
