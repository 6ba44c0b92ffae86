"""What lies in a change, in one line of plain text."""

from ergit.records.context import ChangeContext, ChangedFile, ChangedFiles, DifferentTests, JdkVersions
from ergit.reports.context import change_sentence
from tests.fakes.results import change, context


def told(found: ChangeContext) -> str:
    """What is said of a change by one commit."""
    return change_sentence(change(1, 0.1), found)


def files(*paths: str) -> ChangedFiles:
    """Changed files, two lines added and one removed in each."""
    largest = tuple(ChangedFile(path=path, added=2, removed=1) for path in paths)
    count = len(paths)
    return ChangedFiles(
        count=count, added=2 * count, removed=count, largest=largest, unlisted=0, build_files=(), test_files=0
    )


def test_the_context_is_one_line() -> None:
    found = context(change(1, 0.1), files=files("a"), duration_change=0.1, power_change=0.001, mostly="time")
    assert told(found) == "mostly time (time +10.0%, power +0.1%); 1 file, +2 -1 lines: a"


def test_another_jdk_is_named() -> None:
    found = context(change(1, 0.1), java=JdkVersions(before="11.0.2", after="17.0.1"))
    assert "JDK 11.0.2 → 17.0.1" in told(found)


def test_a_hostile_file_name_does_nothing_to_a_terminal() -> None:
    line = told(context(change(1, 0.1), files=files("a\x1b[31m\n\u202eb")))
    assert line.isprintable()


def test_sides_that_ran_other_tests_are_not_comparable() -> None:
    tests = DifferentTests(only_before=1, only_after=3, examples=("-A#gone", "+A#x", "+A#y", "+B#z"))
    line = told(context(change(1, 0.1), tests=tests))
    assert line.startswith(
        "not comparable, other tests ran: 1 only before, 3 only after (-A#gone, +A#x, +A#y and 1 more)"
    )
    unknown = DifferentTests(unknown="abc: the command wrote no report")
    assert "whether the same tests ran is not known (abc: the command wrote no report)" in told(
        context(change(1, 0.1), tests=unknown)
    )
