"""The files that differ between two commits, and the blobs that each step of a history changes."""

from ergit.git.changed_files import LISTED_FILES, ChangedBlob, changed_blobs, files_between, steps_between
from ergit.git.runner import git_in
from ergit.records.context import ChangedFile, ChangedFiles
from tests.fakes.repositories import Repository


def test_only_the_largest_files_are_listed_and_the_rest_is_counted() -> None:
    files = files_between([ChangedFile(path=f"f{lines:03}", added=lines, removed=0) for lines in range(100)])
    assert (files.count, files.unlisted, len(files.largest)) == (100, 100 - LISTED_FILES, LISTED_FILES)
    assert files.largest[0] == ChangedFile(path="f099", added=99, removed=0)
    assert files_between([]) == ChangedFiles(
        count=0, added=0, removed=0, largest=(), unlisted=0, build_files=(), test_files=0
    )


def test_the_steps_of_a_span_are_those_of_first_parents(repository: Repository) -> None:
    first = repository.commit("1", a__txt="1")
    repository.git("switch", "--quiet", "--create", "aside")
    aside = repository.commit("aside", b__txt="1")
    repository.git("switch", "--quiet", "main")
    second = repository.commit("2", a__txt="2")
    repository.git("merge", "--quiet", "--no-ff", "--message", "Merge", "aside")
    merge = repository.git("rev-parse", "HEAD")
    with git_in(repository.path) as git:
        assert steps_between(git, [(first, merge), (first, aside)]) == [
            [(first, second), (second, merge)],
            [(first, aside)],
        ]
        assert steps_between(git, [(aside, second)]) == [[(aside, first), (first, second)]]
        assert steps_between(git, []) == []
        found = changed_blobs(git, [(second, merge), (second, second), (aside, first)])
    (merged,), nothing, (removed,) = found
    assert (merged.path, merged.before, removed.path, removed.after) == ("b.txt", None, "b.txt", None)
    assert merged.after == removed.before == repository.git("rev-parse", "aside:b.txt")
    assert nothing == ()


def test_names_of_files_may_hold_anything_and_submodules_are_told_from_files(repository: Repository) -> None:
    first = repository.commit("1")
    (repository.path / ":1 2 3\n").write_text("x", encoding="utf-8")
    repository.git("update-index", "--add", "--cacheinfo", f"160000,{first},lib")
    repository.git("add", ":(literal):1 2 3\n")
    repository.git("commit", "--quiet", "--message", "2")
    second = repository.git("rev-parse", "HEAD")
    with git_in(repository.path) as git:
        (found,) = changed_blobs(git, [(first, second)])
    assert [blob.is_submodule for blob in found] == [False, True]
    text = repository.git("hash-object", ":1 2 3\n")
    assert found == (
        ChangedBlob(path=":1 2 3\n", before=None, after=text, modes=("000000", "100644")),
        ChangedBlob(path="lib", before=None, after=first, modes=("000000", "160000")),
    )
