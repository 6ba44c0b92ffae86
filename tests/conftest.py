"""Fixtures of all tests, and the check that no test is skipped for want of something that could be installed.

CI runs all tests without the extras and notes in the file `ERGIT_TESTS_SKIPPED` which were skipped; then it installs
the extras and runs these (`ERGIT_TESTS_WITH_EXTRAS`).
"""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.fakes.needs import chromium, skips_not_allowed
from tests.fakes.repositories import Repository, new_repository

if TYPE_CHECKING:
    from playwright.sync_api import Browser

WITH_EXTRAS, SKIPPED = (os.environ.get(f"ERGIT_TESTS_{name}") for name in ("WITH_EXTRAS", "SKIPPED"))

_reasons: list[str] = []


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leaves the tests that were skipped without the extras, where these are there now and the tests were noted."""
    if not (WITH_EXTRAS and SKIPPED):
        return
    noted = set(Path(SKIPPED).read_text(encoding="utf-8").splitlines())
    config.hook.pytest_deselected(items=[item for item in items if item.nodeid not in noted])
    items[:] = [item for item in items if item.nodeid in noted]


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Notes why a test was skipped, and which."""
    if report.skipped and isinstance(report.longrepr, tuple):
        _reasons.append(report.longrepr[2])
        if SKIPPED and not WITH_EXTRAS and not os.environ.get("PYTEST_XDIST_WORKER"):
            with Path(SKIPPED).open("a", encoding="utf-8") as file:
                file.write(f"{report.nodeid}\n")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fails the session where all extras are said to be installed and a test was skipped for want of one."""
    if WITH_EXTRAS and SKIPPED and session.exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED:
        session.exitstatus = pytest.ExitCode.OK  # none of this part of the tests was skipped
    missed = skips_not_allowed(_reasons) if WITH_EXTRAS else []
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


@pytest.fixture(scope="module")
def browser() -> "Iterator[Browser]":
    """A headless Chromium; for tests that are marked `needs_browser`."""
    from playwright.sync_api import sync_playwright

    flags = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium(), args=flags)
        yield opened
        opened.close()
