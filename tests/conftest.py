"""Fixtures of all tests, and the check that no test is skipped for want of something that could be installed."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.fakes.needs import skips_not_allowed
from tests.fakes.repositories import Repository, new_repository

_reasons: list[str] = []


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Notes why a test was skipped."""
    if report.skipped and isinstance(report.longrepr, tuple):
        _reasons.append(report.longrepr[2])


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fails the session where all extras are said to be installed and a test was skipped for want of one."""
    missed = skips_not_allowed(_reasons) if os.environ.get("ERGIT_TESTS_WITH_EXTRAS") else []
    if missed and session.exitstatus == 0 and not hasattr(session.config, "workerinput"):
        print("\nskipped although all extras are installed:", *dict.fromkeys(missed), sep="\n  ")
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture
def make_repository(tmp_path: Path) -> Callable[[str], Repository]:
    """Makes an empty repository on the branch `main`."""

    def make(name: str = "project") -> Repository:
        return new_repository(tmp_path / name)

    return make


@pytest.fixture
def repository(make_repository: Callable[[str], Repository]) -> Repository:
    """An empty repository."""
    return make_repository("project")
