"""Each end of a command has its words."""

from typing import Literal

import pytest

from ergit.processes.run import Outcome, failure_reason


@pytest.mark.parametrize(
    ("status", "exit_code", "number", "loops", "expected"),
    [
        ("ok", 0, None, 3, None),
        ("failed", 2, None, 1, "the workload ended with status 2"),
        ("failed", 137, None, 1, "the workload ended with status 137, as where a program is killed by SIGKILL"),
        ("failed", 129, None, 1, "the workload ended with status 129"),
        ("failed", None, 11, 1, "the workload was killed by SIGSEGV"),
        ("failed", None, 40, 1, "the workload was killed by signal 40"),
        (
            "failed",
            None,
            None,
            0,
            "the workload could not be started: its folder is not there in this commit, or leads out of it",
        ),
        ("failed", 0, None, 1, "the workload killed its parent and so stopped after 1 of 3 repetitions"),
        ("timeout", None, 15, 1, "the workload took longer than 60 s"),
    ],
)
def test_each_end_has_its_words(
    status: Literal["ok", "failed", "timeout"],
    exit_code: int | None,
    number: int | None,
    loops: int,
    expected: str | None,
) -> None:
    outcome = Outcome(
        status=status,
        exit_code=exit_code,
        signal=number,
        started="",
        duration_seconds=1.0,
        cpu_seconds=1.0,
        left_behind=(),
        loops=loops,
    )
    assert failure_reason("the workload", outcome, 60.0, 3) == expected
