"""The tree of one commit: clean, and complete where the config wants submodules and LFS objects."""

from pathlib import Path

import pytest

from ergit.config.settings import RepositorySettings
from ergit.errors import ErgitError
from ergit.git.checkout import checkout
from tests.fakes.repositories import Repository, mirrored


def test_a_checkout_is_clean_and_shares_the_mirrors_objects(five: Repository) -> None:
    path, _ = mirrored(five)
    tree = path.parent / "checkout/x"
    checkout(path, five.git("rev-parse", "v2"), tree, RepositorySettings(url="."))
    assert sorted(file.name for file in tree.iterdir()) == [".git", "a.java", "b.md"]
    assert (tree / ".git/objects/info/alternates").read_text().strip() == str(path / "objects")
    assert not [file for file in (tree / ".git/objects").rglob("*") if file.is_file() and file.parent.name != "info"]
    assert Repository(tree).git("status", "--porcelain") == ""


def test_a_mirror_that_was_removed_is_an_error_that_says_how_to_get_it_back(tmp_path: Path) -> None:
    with pytest.raises(ErgitError, match=r"Remove results/mirror\.json"):
        checkout(tmp_path / "mirror.git", "a" * 40, tmp_path / "tree", RepositorySettings(url="."))
