"""Files of a commit, read out of the mirror without a checkout."""

import os
from pathlib import Path

import pytest

from ergit.errors import ErgitError
from ergit.git.blobs import reader_of
from tests.fakes.repositories import Repository, mirrored


def test_files_are_read_to_the_byte_as_the_commit_has_them(five: Repository) -> None:
    (five.path / "src").mkdir()
    (five.path / "src/pom.xml").write_bytes(b"<a>\r\n\xe9\n\n")
    (five.path / "link").symlink_to("a.java")
    five.path.joinpath(os.fsdecode(b"caf\xe9")).write_text("latin")
    five.commit("six")
    path, record = mirrored(five)
    read = reader_of(path, record.head)
    assert read("src/pom.xml") == b"<a>\r\n\xe9\n\n"
    assert read("a.java") == b"five"
    assert read("link") == b"a.java"
    assert read(os.fsdecode(b"caf\xe9")) == b"latin"
    assert reader_of(path, five.git("rev-parse", "v2"))("a.java") == b"one"


@pytest.mark.parametrize(
    "path",
    ["src", "gone", "", "/", "../a.java", "./a.java", ".", "..", "a.java/b", "a.java\nHEAD:b.md", "a\0b", "*.java"],
)
def test_what_is_no_file_of_the_commit_is_none(five: Repository, path: str) -> None:
    (five.path / "src").mkdir()
    (five.path / "src/x").write_text("")
    five.commit("six")
    mirror, record = mirrored(five)
    assert reader_of(mirror, record.head)(path) is None


def test_a_commit_that_is_not_there_is_an_error(five: Repository, tmp_path: Path) -> None:
    mirror, _ = mirrored(five)
    with pytest.raises(ErgitError, match=r"has no commit abab.*-R mirror"):
        reader_of(mirror, "ab" * 20)
    with pytest.raises(ErgitError, match=r"-R mirror` makes it again"):
        reader_of(tmp_path / "gone.git", "ab" * 20)
