"""What `ergit gate --base` compares and with which settings: on throw-away clones, without running a study."""

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from ergit.building.cache import VARIABLE
from ergit.cli import run
from ergit.config.reading import read_config
from ergit.config.settings import MeasureSettings
from ergit.energy.choice import OPTION, probe, way_out
from ergit.errors import ErgitError
from ergit.gate.clone import (
    Pair,
    config_of,
    default_place,
    has_uncommitted_changes,
    ignore_results,
    link_files,
    pair_of,
    prepare,
    top_of_clone,
    write_config,
)
from tests.fakes.repositories import Repository, new_repository

ERGIT = Path(__file__).parents[2] / "bin/ergit"
CONFIG = "workload: {command: ./program}\n"


@pytest.fixture
def clone(tmp_path: Path) -> Repository:
    """A clone on the branch `feature`, which left `main` at its second commit; its own `main` is one commit old."""
    origin = new_repository(tmp_path / "origin")
    origin.commit("One", ergit__yaml=CONFIG)
    made = Repository(tmp_path / "clone")
    origin.git("clone", "--quiet", str(origin.path), str(made.path))
    origin.commit("Two")
    made.git("fetch", "--quiet")
    made.git("checkout", "--quiet", "-b", "feature", "origin/main")
    made.commit("Three")
    made.commit("Four")
    origin.commit("Main goes on")
    origin.git("branch", "release", "main~1")
    made.git("fetch", "--quiet", "origin", "main")
    return made


def pair(clone: Repository, base: str, head: str = "HEAD") -> Pair:
    """The pair of commits, found by a mirror beside the clone."""
    return pair_of(clone.path, clone.path.parent / "mirror.git", base, head)


def test_the_base_is_where_the_head_left_the_branch_though_the_clones_own_branch_is_old(clone: Repository) -> None:
    assert clone.git("rev-parse", "main") == clone.git("rev-parse", "HEAD~3")
    expected = Pair(clone.git("rev-parse", "HEAD~2"), clone.git("rev-parse", "HEAD"))
    assert pair(clone, "main") == expected
    assert pair(clone, "origin/main") == expected
    assert pair(clone, "HEAD~2") == expected
    assert pair(clone, expected.base[:9], "feature") == expected


def test_a_base_that_only_the_origin_has_is_fetched_from_there(clone: Repository) -> None:
    assert "release" not in clone.git("branch", "--all")
    assert pair(clone, "release") == pair(clone, "main")
    assert "release" not in clone.git("branch", "--all")


def test_a_branch_into_which_its_base_was_merged_is_compared_with_what_was_merged(clone: Repository) -> None:
    clone.git("merge", "--quiet", "--no-edit", "origin/main")
    assert pair(clone, "main").base == clone.git("rev-parse", "origin/main")


@pytest.mark.parametrize(
    ("base", "head", "words"),
    [
        ("feature", "HEAD", r"feature holds all of HEAD \([0-9a-f]{10}\), so there is nothing to judge\. Check out"),
        ("maine", "HEAD", "--base: 'maine' is no commit, tag or branch of the repository. Did you mean"),
        ("main", "nobody", "--head: 'nobody' is no commit, tag or branch"),
        ("apart", "HEAD", r"HEAD \([0-9a-f]{10}\) and apart share no commit"),
    ],
)
def test_what_cannot_be_compared_is_said_before_anything_is_built(
    clone: Repository, base: str, head: str, words: str
) -> None:
    clone.git("checkout", "--quiet", "--orphan", "apart")
    clone.commit("Apart")
    clone.git("checkout", "--quiet", "feature")
    with pytest.raises(ErgitError, match=words):
        pair(clone, base, head)


def test_an_unknown_base_of_a_clone_that_came_from_nowhere_is_one_sentence(clone: Repository) -> None:
    clone.git("remote", "remove", "origin")
    with pytest.raises(ErgitError, match=r"--base: 'release' is no commit.* Nor can it be fetched: .* no repository"):
        pair(clone, "release")


def test_a_folder_in_no_clone_and_a_project_without_a_config_say_what_to_do(clone: Repository, tmp_path: Path) -> None:
    with pytest.raises(ErgitError, match="is in no clone of a project: call `ergit gate --base BRANCH` in one"):
        top_of_clone(tmp_path)
    (clone.path / "src").mkdir()
    assert top_of_clone(clone.path / "src") == clone.path
    assert config_of(clone.path, None) == clone.path / "ergit.yaml"
    (clone.path / "ergit.yaml").unlink()
    with pytest.raises(ErgitError, match=r"There is no ergit\.yaml in .*clone, which says how") as error:
        config_of(clone.path, None)
    example = str(error.value).split("such as\n")[1].split("\nor name")[0]
    study = {"repository": {"url": "."}, "commits": ["HEAD"]}
    assert read_config(study | yaml.safe_load(example)).build.commands == ("make",)


@pytest.mark.parametrize(
    ("given", "least", "reuse"),
    [({}, 0.05, True), ({"changes": {"least_change": 0.02}, "inputs": {"reuse": False}}, 0.02, False)],
)
def test_what_the_gate_adds_to_a_config_lets_what_is_set_there_stand(
    tmp_path: Path, given: dict[str, object], least: float, reuse: bool
) -> None:
    written, config = tmp_path / "gate.yaml", tmp_path / "ergit.yaml"
    config.write_text(yaml.safe_dump({"workload": {"command": "x"}, "repository": {"lfs": True}} | given))
    base, head = "1" * 40, "2" * 40  # all digits: YAML must not read numbers
    settings = write_config(written, tmp_path, config, Pair(base, head), allow_estimate=True)
    assert (settings.commits, settings.gate.base, settings.gate.head) == ((base, head), base, head)
    assert (settings.changes.least_change, settings.inputs.reuse) == (least, reuse)
    assert (settings.repository.url, settings.repository.lfs) == (str(tmp_path), True)
    assert settings.measure.allow_estimate
    assert yaml.safe_load(written.read_text())["commits"] == [base, head]


def test_a_wrong_config_is_named(tmp_path: Path) -> None:
    config = tmp_path / "ergit.yaml"
    config.write_text("workload: {commands: x}\n")
    with pytest.raises(ErgitError, match=r"ergit\.yaml: .*Did you mean 'command'\?"):
        write_config(tmp_path / "gate.yaml", tmp_path, config, Pair("a", "b"), allow_estimate=False)


def test_files_that_the_config_names_are_seen_from_the_study_too(clone: Repository, tmp_path: Path) -> None:
    clone.commit("Files", bench__sh="1", plots__smk="2")
    study = {"repository": {"url": "."}, "commits": ["HEAD"], "rules": ["plots.smk"]}
    settings = read_config(study | {"workload": {"command": "bash $ERGIT_STUDY/bench.sh", "files": ["../outside"]}})
    (tmp_path / "outside").write_text("")
    place = tmp_path / "place/study"
    place.mkdir(parents=True)
    for _ in range(2):
        link_files(settings, clone.path, place)
    assert sorted(path.name for path in place.iterdir()) == ["bench.sh", "plots.smk"]
    assert (place / "bench.sh").read_text() == "1"


def test_a_study_inside_the_clone_shows_nothing_in_its_status(
    clone: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, "/somewhere")
    work = clone.path / "work"
    prepared = prepare(clone.path, clone.path / "ergit.yaml", work, "main", "HEAD", allow_estimate=False)
    assert prepared.study == work / f"{clone.git('rev-parse', 'HEAD')[:10]}-against-main"
    assert clone.git("status", "--porcelain") == ""
    assert not has_uncommitted_changes(clone.path)
    (clone.path / "ergit.yaml").write_text("")
    assert has_uncommitted_changes(clone.path)


def test_the_results_of_a_study_in_a_clone_show_nothing_unless_they_are_tracked(clone: Repository) -> None:
    study = clone.path / "energy"
    for _ in range(2):
        (study / "config").mkdir(parents=True, exist_ok=True)
        ignore_results(study)
        assert clone.git("status", "--porcelain") == ""
    assert sorted(path.name for path in study.iterdir()) == [".snakemake", "config", "results"]
    tracked = clone.path / "tracked"
    (tracked / "results").mkdir(parents=True)
    (tracked / "results/energy.csv").write_text("")
    clone.commit("Results")
    ignore_results(tracked)
    assert not (tracked / "results/.gitignore").exists()


def test_a_study_outside_of_any_clone_gets_no_further_file(tmp_path: Path) -> None:
    ignore_results(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_the_usual_place_is_outside_of_the_clone_and_each_clone_has_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "/cache")
    places = [default_place(Path(top)) for top in ("/a/words", "/b/words")]
    assert [place.parent for place in places] == [Path("/cache/ergit/gate")] * 2
    assert len(set(places)) == 2


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--head", "x"], "--head does not go with this call: --base is missing."),
        (["--allow-estimate"], "--allow-estimate does not go with this call"),
        (["--base", "main", "--study", "x"], "--study does not go with this call: --base makes a study of its own."),
        (["--study", "absent"], "--study: there is no folder absent."),
        ([], "There is no config/config.yaml in .* --study. .* `ergit gate --base BRANCH`."),
        (["--base", ""], "--base is empty: name the branch to compare with."),
    ],
)
def test_words_that_do_not_fit_together_are_refused(
    clone: Repository, words: list[str], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(clone.path)
    monkeypatch.delenv("GITHUB_OUTPUT", raising=False)
    with pytest.raises(ErgitError, match=said):
        run(["gate", *words])


def test_without_a_counter_the_option_of_the_gate_is_advised_where_it_is_enough(
    clone: Repository, tmp_path: Path
) -> None:
    by_the_gate = {OPTION: "--allow-estimate"}
    assert "Or set measure.source: auto and measure." in way_out(MeasureSettings(source="pmu"), by_the_gate)
    if any(source.available and source.kind == "measured" for source in probe(MeasureSettings())):
        pytest.skip("this machine has energy counters")
    command = [sys.executable, str(ERGIT), "gate", "--base", "main", "--work", str(tmp_path / "work")]
    done = subprocess.run(command, cwd=clone.path, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert "Or add --allow-estimate to work with an estimate from CPU time" in done.stderr
    assert "allow_estimate" not in done.stderr
