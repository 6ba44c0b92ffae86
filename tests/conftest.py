"""Fixtures of all tests: throw-away repositories."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.fakes.repositories import Repository


@pytest.fixture
def make_repository(tmp_path: Path) -> Callable[[str], Repository]:
    """Makes an empty repository on the branch `main`."""

    def make(name: str = "project") -> Repository:
        repository = Repository(tmp_path / name)
        repository.path.mkdir(parents=True)
        repository.git("init", "--quiet", "--initial-branch=main")
        return repository

    return make


@pytest.fixture
def repository(make_repository: Callable[[str], Repository]) -> Repository:
    """An empty repository."""
    return make_repository("project")
