"""The stages that the documentation shows, those that come with ergit, and what `ergit new-stage` writes, all work."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from ergit.cli import main
from ergit.config.settings import BuildSettings, JobSettings, MeasureSettings, RepositorySettings
from ergit.measuring.stages import STAGES
from ergit.plugins.facts import OWN, StageFacts
from ergit.plugins.files import ATTRIBUTES, SHIPPED, read_stage
from ergit.plugins.process import SIGNALS, run_stage
from ergit.stages import PipelineStage

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/stages.md").read_text(encoding="utf-8")


def shown(page: str) -> str:
    """The first stage that a page shows."""
    return next(block for block in re.findall(r"^```python\n(.*?)^```", page, re.M | re.S) if "get_stage" in block)


def test_the_first_stage_of_the_page_makes_an_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree/requirements.txt").touch()
    (tmp_path / "python_env_stage.py").write_text(shown(PAGE))
    stage = read_stage(tmp_path / "python_env_stage.py")
    settings = JobSettings(
        repository=RepositorySettings(url="x"),
        java=None,
        build=BuildSettings(),
        workload=None,
        measure=MeasureSettings(),
        stages=(stage,),
    )
    tree = tmp_path / "tree"
    facts = StageFacts(settings, tmp_path / "results/a.json")
    with run_stage(stage, facts, tree, put={}, variables={}, tree=tree) as result:
        assert result.reason is None
        assert result.variables["PATH"].startswith(f"{tree}/.venv/bin:")


@pytest.mark.parametrize("page", ["README.md", "docs/stages.md"])
def test_a_stage_that_is_shown_is_one(tmp_path: Path, page: str) -> None:
    (tmp_path / "a.py").write_text(shown((ROOT / page).read_text(encoding="utf-8")))
    assert read_stage(tmp_path / "a.py").kind == "pre-test"


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("*.py")), ids=lambda path: path.name)
def test_a_stage_that_comes_with_ergit_is_one_and_is_described(path: Path) -> None:
    assert read_stage(path).name == path.stem
    assert f"[{path.name}](../modules/{path.name})" in PAGE


def test_every_key_attribute_and_stage_is_described() -> None:
    for name in (*OWN, *SIGNALS, "environment", *ATTRIBUTES, *(stage.name for stage in STAGES)):
        assert re.search(rf"`{name}`|   {name}\b|{name}   ", PAGE), name


def test_the_defaults_of_the_page_are_those_of_the_class() -> None:
    rows = dict(re.findall(r"^\| `(\w+)`(?:, `\w+`)? \| `([^`]+)` \|", PAGE, re.MULTILINE))
    assert {name: repr(getattr(PipelineStage, name)).replace("'", '"') for name in rows} == rows


@pytest.mark.parametrize("kind", ["pre", "pre-test", "batch"])
def test_a_new_stage_works_and_so_does_its_test(
    tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    main(["new-stage", "licence_check", "--kind", kind])
    assert "add licence_check.py to modules_enabled in the config" in capsys.readouterr().out
    assert read_stage(tmp_path / "modules/licence_check.py").kind == kind
    done = subprocess.run([sys.executable, "modules/test_licence_check.py"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_a_new_stage_replaces_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    main(["new-stage", "a"])
    (tmp_path / "modules/a.py").write_text("mine")
    with pytest.raises(SystemExit, match=r"modules/a\.py is there already, and is left as it is"):
        main(["new-stage", "a.py"])
    assert (tmp_path / "modules/a.py").read_text() == "mine"
    with pytest.raises(SystemExit, match="cannot be the name of a stage"):
        main(["new-stage", "two words"])
