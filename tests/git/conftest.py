"""Fixtures of the tests of Git: a small history."""

import shutil
from pathlib import Path

import pytest

from tests.fakes.repositories import Repository, new_repository, small_history


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """The small history, made once."""
    return small_history(new_repository(tmp_path_factory.mktemp("template") / "project"))


@pytest.fixture
def five(template: Repository, tmp_path: Path) -> Repository:
    """Five commits: one, two (tag v2), three, four (tag v4, branch old), five."""
    shutil.copytree(template.path, tmp_path / "project", symlinks=True)
    return Repository(tmp_path / "project", template.clock)
