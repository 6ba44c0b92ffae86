"""Fixtures of the tests of Git: a small history."""

import pytest

from tests.fakes.repositories import Repository, small_history


@pytest.fixture
def five(repository: Repository) -> Repository:
    """Five commits: one, two (tag v2), three, four (tag v4, branch old), five."""
    return small_history(repository)
