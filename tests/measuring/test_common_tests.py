"""The tests that all commits have in common, and the files by which test runners take them."""

import re
from pathlib import Path

import pytest

from ergit.errors import ErgitError
from ergit.measuring.common_tests import common_tests, methods_of
from ergit.measuring.filters import filters, write_filters
from ergit.records.common_tests import CommonTests, FoundTests, common_mark, write_common_tests
from ergit.records.tests import CaseResult, SetsOfTests


def case(group: str, name: str, status: str = "passed") -> CaseResult:
    return CaseResult(group=group, name=name, status=status, seconds=0.1)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "name",
    ["parses", "parses()", "parses(String)[2]", "parses(java.lang.String, int)", "parses[a b]", "parses{int}[1]"],
)
def test_what_writers_of_reports_add_to_a_method_is_left_out(name: str) -> None:
    assert list(methods_of([case("A", name), case("A", "parses (2)")])) == [("A", "parses")]


@pytest.mark.parametrize("name", ["[1] a", "accepts an empty list", "1st", "größe ändern"])
def test_a_name_that_tells_no_method_makes_its_class_one(name: str) -> None:
    cases = [case("A", "parses"), case("A", name), case("B", "parses")]
    assert [(method, len(own)) for method, own in methods_of(cases).items()] == [(("A", "*"), 2), (("B", "parses"), 1)]


class Commits:
    """What was found of the tests of some commits."""

    def __init__(self, results: Path) -> None:
        self.sets = SetsOfTests(results)
        self.found: dict[str, FoundTests] = {}

    def add(self, commit: str, *cases: CaseResult, reason: str | None = None) -> None:
        """Adds a commit with these tests, or with a reason why they are not known."""
        results = None if reason else self.sets.results_of(cases, "")
        self.found[commit] = FoundTests(commit=commit, results=results, reason=reason, seconds=1.0)

    def common(self, meaning: str = "m", earlier: CommonTests | None = None) -> CommonTests:
        """What they have in common."""
        return common_tests(self.found, self.sets, meaning, earlier)


@pytest.fixture
def commits(tmp_path: Path) -> Commits:
    """No commit yet."""
    return Commits(tmp_path)


def test_methods_that_pass_everywhere_with_the_same_cases_are_common(commits: Commits) -> None:
    both = [case("A", "same"), case("A", "cases(int)[1]"), case("A", "cases(int)[2]"), case("B", "skipped", "skipped")]
    commits.add("a", *both, case("A", "old"), case("A", "grows[1]"), case("C", "breaks"), case("C", "later", "skipped"))
    commits.add(
        "b", *both, *(case("A", f"grows[{n}]") for n in (1, 2)), case("C", "breaks", "errored"), case("C", "later")
    )
    found = commits.common()
    assert found.tests == {"A": ("cases", "same")}
    assert found.cases == 3
    assert found.left_out == {
        **{"with other cases in a commit": 1, "not in every commit": 1, "fails in a commit": 1},
        "skipped in a commit": 2,
    }


def test_a_commit_whose_tests_are_not_known_has_no_say(commits: Commits) -> None:
    commits.add("a", case("A", "same"))
    commits.add("b", reason="it does not build")
    assert commits.common().tests == {"A": ("same",)}
    assert commits.common().unknown == {"b": "it does not build"}


def test_a_set_stays_when_a_commit_joins_and_is_made_anew_for_another_workload(commits: Commits) -> None:
    commits.add("a", case("A", "one"), case("A", "two"))
    first = commits.common()
    commits.add("b", case("A", "one"))
    commits.add("c", case("A", "one", "failed"), case("A", "two", "skipped"))
    later = commits.common(earlier=first)
    assert (later.tests, later.cases, later.lacking) == (first.tests, 2, {"b": 1, "c": 1})
    del commits.found["c"]
    assert commits.common("other", later).tests == {"A": ("one",)}


def test_no_common_test_is_an_error_that_says_why(commits: Commits) -> None:
    commits.add("a", case("A", "one"), case("A", "bad", "failed"))
    commits.add("b", case("A", "two"), case("A", "bad"))
    with pytest.raises(
        ErgitError, match="no test passes in all 2 commits: 1 method fails in a commit, 2 methods not in"
    ):
        commits.common()
    commits.found.clear()
    commits.add("a", reason="the command wrote no report")
    with pytest.raises(ErgitError, match=r"the tests of no commit are known \(the command wrote no report\)"):
        commits.common()


def test_the_mark_of_readings_depends_on_the_methods_alone(commits: Commits, tmp_path: Path) -> None:
    file = tmp_path / "common.json"
    assert common_mark(file) == ""
    commits.add("a", case("A", "one"))
    write_common_tests(file, commits.common())
    first = common_mark(file)
    commits.add("b", reason="it does not build")
    write_common_tests(file, commits.common("another meaning"))
    assert re.fullmatch(" tests [0-9a-f]{16}", first)
    assert common_mark(file) == first


TESTS = {
    "org.x.A$Inner": ("a", "b"),
    "org.x.Whole": ("*",),
    "tests.unit.test_c.TestC": ("test_c",),
    "tests.test_d": ("*",),
}


def test_each_runner_gets_the_tests_in_its_own_words(tmp_path: Path) -> None:
    (tmp_path / "tests/unit").mkdir(parents=True)
    for name in ("tests/unit/test_c.py", "tests/test_d.py"):
        (tmp_path / name).write_text("")
    found = filters(TESTS, tmp_path)
    assert found["tests.txt"].split() == [
        *("org.x.A$Inner#a", "org.x.A$Inner#b", "org.x.Whole", "tests.unit.test_c.TestC#test_c", "tests.test_d")
    ]
    assert found["dotted.txt"].split()[:3] == ["org.x.A$Inner.a", "org.x.A$Inner.b", "org.x.Whole"]
    assert found["surefire.txt"].startswith("org.x.A$Inner#a+b,org.x.Whole,")
    assert found["junit-console.txt"].splitlines()[:2] == [
        '"--include-methodname=^org[.]x[.]A[$]Inner#(a|b)$"',
        '"--include-methodname=^org[.]x[.]Whole#.*$"',
    ]
    assert found["pytest.txt"].split() == ["tests/unit/test_c.py::TestC::test_c", "tests/test_d.py"]


def test_the_files_lie_in_the_tree(tmp_path: Path) -> None:
    folder = write_filters(tmp_path, TESTS)
    assert folder == tmp_path / ".ergit/tests"
    assert sorted(file.name for file in folder.iterdir()) == sorted(filters(TESTS, tmp_path))
