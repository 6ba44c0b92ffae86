"""Fixtures of the tests of Git: a small history."""

import pytest

from tests.fakes.repositories import Repository


@pytest.fixture
def five(repository: Repository) -> Repository:
    """Five commits: one, two (tag v2), three, four (tag v4, branch old), five."""
    for number, name in enumerate(["one", "two", "three", "four", "five"], 1):
        repository.commit(name, **{"a__java" if number % 2 else "b__md": name})
        if number % 2 == 0:
            repository.git("tag", f"v{number}")
    repository.git("branch", "old", "v4")
    return repository
