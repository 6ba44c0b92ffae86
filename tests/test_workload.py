"""A whole study whose workload is tests: those of one commit, and of these the ones that pass in every commit."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.fakes.repositories import Repository, new_repository
from tests.fakes.studies import configure, planned, snakemake, table

RUNNER = """
import os, sys, time, unittest
from xml.sax.saxutils import quoteattr

wanted = os.environ.get("ERGIT_TESTS")
tests = open(wanted + "/dotted.txt").read().split() if wanted else ["test_words"]
cases, begun = [], {}

class Result(unittest.TextTestResult):
    def startTest(self, test):
        begun[test] = time.monotonic()
        super().startTest(test)

    def stopTest(self, test):
        super().stopTest(test)
        bad = [each for each, _ in self.failures + self.errors if each is test]
        group, _, name = test.id().rpartition(".")
        names = f"classname={quoteattr(group)} name={quoteattr(name)}"
        seconds = time.monotonic() - begun[test]
        cases.append(f"<testcase {names} time='{seconds:.3f}'>{'<failure/>' if bad else ''}</testcase>")

done = unittest.TextTestRunner(resultclass=Result).run(unittest.defaultTestLoader.loadTestsFromNames(tests))
with open("../report.xml", "w") as file:
    file.write(f"<testsuite name='unittest'>{''.join(cases)}</testsuite>")
sys.exit(not done.wasSuccessful())
"""
FIRST = "test_words.Words"


def write_tests(project: Repository, *functions: str) -> None:
    """The tests of a commit: one of each function of the program, in a folder of their own."""
    methods = "".join(f"    def test_{name}(self):\n        words.{name}()\n" for name in functions)
    (project.path / "tests").mkdir(exist_ok=True)
    (project.path / "tests/runner.py").write_text(RUNNER, encoding="utf-8")
    (project.path / "tests/test_words.py").write_text(
        f"import sys, unittest\nsys.path.insert(0, '..')\nimport words\n\nclass Words(unittest.TestCase):\n{methods}",
        encoding="utf-8",
    )
    (project.path / "tests/build").write_text("#!/bin/sh\ntest -e words.py\n", encoding="utf-8")
    (project.path / "tests/build").chmod(0o755)


def program(*functions: str) -> str:
    """The program of a commit."""
    return "".join(f"def {name}(): pass\n" for name in functions)


def configure_study(work: Path, source: str) -> None:
    """Writes the config of the study, with the tests of this commit."""
    workload: dict[str, Any] = {
        **{"command": f"{sys.executable} -B runner.py", "directory": "tests"},
        **{"from": source, "paths": ["tests"], "reports": ["report.xml"], "tests": "common"},
    }
    configure(
        work,
        **{"commits": ["first..main"], "build__commands": ["./tests/build"], "workload": workload},
        **{"measure__rounds": 1, "measure__repeats": 1, "measure__warmup": 0},
    )


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The working directory of a finished study of three commits; the first of them has no program yet."""
    home = tmp_path_factory.mktemp("workload")
    project = new_repository(home / "project")
    project.commit("Zero")
    project.git("tag", "first")
    project.commit("One", notes="no program yet")
    write_tests(project, "count")
    project.commit("Two", words__py=program("count", "split"))
    write_tests(project, "count", "split", "join")
    project.commit("Three", words__py=program("count", "split", "join"))
    configure_study(home / "work", "main")
    done = snakemake(home / "work", "all")
    assert done.returncode == 0, done.stderr
    return home / "work"


def project_of(study: Path) -> Repository:
    """The studied repository."""
    return Repository(study.parent / "project", clock=1_800_000_000)


def common_tests(study: Path) -> dict[str, Any]:
    """The record of the tests that all commits have in common."""
    found: dict[str, Any] = json.loads((study / "results/tests/common.json").read_text(encoding="utf-8"))
    return found


def test_every_commit_ran_the_tests_of_one_that_pass_in_all(study: Path) -> None:
    assert [row["status"] for row in table(study)] == ["build-failed", "ok", "ok"]
    record = common_tests(study)
    assert record["tests"] == {FIRST: ["test_count", "test_split"]}
    assert record["left_out"] == {"fails in a commit": 1}
    assert len(record["unknown"]) == 1
    rows = [line.split("\t") for line in (study / "results/tests.tsv").read_text(encoding="utf-8").splitlines()]
    assert [row[4:9] for row in rows[1:]] == [[FIRST, "ok", "1", "2", "2"]] * 2
    builds = [json.loads((study / f"results/build/{row['commit']}.json").read_text()) for row in table(study)]
    assert {build["workload"] for build in builds} == {project_of(study).git("rev-parse", "main")}


def test_a_commit_that_does_not_build_with_them_says_so(study: Path) -> None:
    main = project_of(study).git("rev-parse", "main")
    reason = table(study)[0]["reason"]
    assert reason == f"`./tests/build` ended with status 1 (with the workload of main ({main[:10]}) laid over it)"


def test_what_is_run_stays_when_the_branch_moves_and_commits_join_and_changes_when_asked_for(study: Path) -> None:
    project = project_of(study)
    readings = study / "results/readings"
    before = {path: path.read_bytes() for path in readings.glob("*/1.json")}
    write_tests(project, "count")
    late = project.commit("Four", words__py=program("count"))
    done = snakemake(study, "all", "-R", "mirror")
    assert done.returncode == 0, done.stderr
    assert {path: path.read_bytes() for path in before} == before
    record = common_tests(study)
    assert (record["tests"], record["lacking"]) == ({FIRST: ["test_count", "test_split"]}, {late: 1})
    assert [row["status"] for row in table(study)] == ["build-failed", "ok", "ok", "failed"]
    configure_study(study, late)
    done = snakemake(study, "all")
    assert done.returncode == 0, done.stderr
    assert common_tests(study)["tests"] == {FIRST: ["test_count"]}
    assert [row["status"] for row in table(study)] == ["build-failed", "ok", "ok", "ok"]
    assert len([*readings.glob("*/1.superseded-*.json")]) == 4
    assert len([*readings.glob("*/1.superseded-*.tests.json.gz")]) == 3
    assert planned(study) == {}


def test_a_workload_that_could_not_be_taken_is_asked_for_again(study: Path) -> None:
    path = study / "config/config.yaml"
    config = yaml.safe_load(path.read_text(encoding="utf-8"))
    config["workload"]["paths"].append("nowhere")
    path.write_text(yaml.safe_dump(config), encoding="utf-8")
    for _ in range(2):
        done = snakemake(study, "all")
        assert done.returncode == 1
        assert "workload.paths: 'nowhere' is not in" in done.stderr
