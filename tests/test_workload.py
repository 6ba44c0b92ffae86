"""Whole studies whose workload is tests: held fixed over all commits, and told what ran."""

import json
import sys
from pathlib import Path

import pytest

from tests.fakes.repositories import Repository, new_repository
from tests.fakes.studies import configure, planned, snakemake, table

FIXED = {"commits": ["first..main"], "build__commands": ["./tests/build"], "measure__rounds": 1, "measure__repeats": 1}


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The working directory of a finished study of four commits, the tests being those of the last one."""
    home = tmp_path_factory.mktemp("fixed")
    project = new_repository(home / "project")
    (project.path / "tests").mkdir()
    for number, (build, run) in enumerate(
        (("exit 1", "1"), ("exit 0", "1"), ("test -e new", "2"), ("test -e new", "3"))
    ):
        for name, text in (("build", build), ("run", f"echo ran {run}")):
            (project.path / "tests" / name).write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
            (project.path / "tests" / name).chmod(0o755)
        project.commit(f"Number {number}", **({"new": "made here"} if number == 2 else {}))
        if number == 0:
            project.git("tag", "first")
    configure_study(home / "work", "main")
    done = snakemake(home / "work", "all")
    assert done.returncode == 0, done.stderr
    return home / "work"


def configure_study(work: Path, source: str) -> None:
    """Writes the config of the study, with the tests of this commit."""
    configure(work, **FIXED, workload__command="./tests/run")
    config = work / "config/config.yaml"
    text = config.read_text(encoding="utf-8").replace("workload:\n", f"workload:\n  from: {source}\n  paths: [tests]\n")
    config.write_text(text, encoding="utf-8")


def project_of(study: Path) -> Repository:
    """The studied repository."""
    return Repository(study.parent / "project", clock=1_800_000_000)


def test_every_commit_ran_the_tests_of_one(study: Path) -> None:
    rows = table(study)
    assert [row["status"] for row in rows] == ["build-failed", "ok", "ok"]
    for row in rows[1:]:
        log = study / "results/readings" / row["commit"] / "1.output.log"
        assert "ran 3" in log.read_text(encoding="utf-8")
        record = json.loads((study / f"results/build/{row['commit']}.json").read_text(encoding="utf-8"))
        assert record["workload"] == project_of(study).git("rev-parse", "main")


def test_a_commit_that_does_not_build_with_them_says_so(study: Path) -> None:
    main = project_of(study).git("rev-parse", "main")
    assert table(study)[0]["reason"].startswith(f"it does not build with the workload of main ({main[:10]}): `./tests/")


def test_the_study_keeps_its_tests_when_the_branch_moves_and_changes_them_when_asked(study: Path) -> None:
    project = project_of(study)
    first = project.git("rev-parse", "main")
    (project.path / "tests/run").write_text("#!/bin/sh\necho ran 4\n", encoding="utf-8")
    second = project.commit("Other tests")
    done = snakemake(study, "all", "-R", "mirror")
    assert done.returncode == 0, done.stderr
    logs = [study / f"results/readings/{commit}/1.output.log" for commit in (first, second)]
    assert ["ran 3" in log.read_text(encoding="utf-8") for log in logs] == [True, True]
    assert len([*(study / "results/readings").glob("*/*.json")]) == 4
    configure_study(study, second)
    done = snakemake(study, "all")
    assert done.returncode == 0, done.stderr
    assert ["ran 4" in log.read_text(encoding="utf-8") for log in logs] == [True, True]
    assert planned(study) == {}


RUNNER = """
import os, sys, time, unittest
from xml.sax.saxutils import quoteattr

wanted = os.environ.get("ERGIT_TESTS")
names = open(wanted + "/dotted.txt").read().split() if wanted else ["test_words"]
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

done = unittest.TextTestRunner(resultclass=Result).run(unittest.defaultTestLoader.loadTestsFromNames(names))
with open("reports.xml", "w") as file:
    file.write(f"<testsuite name='unittest'>{''.join(cases)}</testsuite>")
sys.exit(not done.wasSuccessful())
"""


def words_test(**bodies: str) -> str:
    """The tests of one commit: methods of one class, with their bodies."""
    methods = "".join(f"    def test_{name}(self):\n        {body}\n" for name, body in bodies.items())
    return f"import unittest\n\nclass Words(unittest.TestCase):\n{methods}"


@pytest.fixture(scope="module")
def common(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The working directory of a finished study of three commits that ran the tests they have in common."""
    home = tmp_path_factory.mktemp("common")
    project = new_repository(home / "project")
    project.commit("One", runner__py=RUNNER, test_words__py=words_test(counts="pass", splits="pass"))
    project.git("tag", "first")
    project.commit("Two", test_words__py=words_test(counts="pass", splits="pass", joins="pass"))
    project.commit("Three", test_words__py=words_test(counts="pass", splits="pass", joins="self.fail()"))
    workload = {
        **{"command": f"{sys.executable} runner.py", "reports": ["reports.xml"], "tests": "common"},
        "environment": {"PYTHONDONTWRITEBYTECODE": "1"},
    }
    configure(home / "work", **FIXED, workload=workload)
    config = home / "work/config/config.yaml"
    config.write_text(config.read_text(encoding="utf-8").replace("- ./tests/build", "- 'true'"), encoding="utf-8")
    done = snakemake(home / "work", "all")
    assert done.returncode == 0, done.stderr
    return home / "work"


def test_only_tests_that_pass_in_every_commit_are_run(common: Path) -> None:
    assert [row["status"] for row in table(common)] == ["ok", "ok"]
    record = json.loads((common / "results/tests/common.json").read_text(encoding="utf-8"))
    assert record["tests"] == {"test_words.Words": ["test_counts", "test_splits"]}
    assert record["left_out"] == {"fails in a commit": 1}
    rows = (common / "results/tests.tsv").read_text(encoding="utf-8").splitlines()
    assert [row.split("\t")[4:9] for row in rows[1:]] == [["test_words.Words", "ok", "1", "2", "2"]] * 2


def test_a_commit_that_joins_later_changes_what_is_measured_only_when_asked_for(common: Path) -> None:
    project = project_of(common)
    before = {path: path.read_bytes() for path in (common / "results/readings").glob("*/1.json")}
    late = project.commit("Four", test_words__py=words_test(counts="pass"))
    assert snakemake(common, "all", "-R", "mirror").returncode == 0
    assert {path: path.read_bytes() for path in before} == before
    record = json.loads((common / "results/tests/common.json").read_text(encoding="utf-8"))
    assert record["tests"] == {"test_words.Words": ["test_counts", "test_splits"]}
    assert record["lacking"] == {late: 1}
    assert planned(common) == {}
    (common / "results/tests/common.json").unlink()
    assert snakemake(common, "all").returncode == 0
    record = json.loads((common / "results/tests/common.json").read_text(encoding="utf-8"))
    assert record["tests"] == {"test_words.Words": ["test_counts"]}
    assert len([*(common / "results/readings").glob("*/1.superseded-*.json")]) == 3
    assert len([*(common / "results/readings").glob("*/1.superseded-*.tests.json.gz")]) == 3
