"""The program of rule `gate`, whose exit status a CI server looks at."""

import subprocess
import sys
from pathlib import Path
from typing import Literal

import pytest

from ergit.records.gate import GateRecord, Verdict, write_gate


@pytest.mark.parametrize(
    ("verdict", "undecided", "passes"),
    [
        *[("pass", "fail", True), ("fail", "pass", False), ("undecided", "fail", False), ("undecided", "pass", True)],
        ("broken", "pass", False),
    ],
)
def test_only_a_pass_passes_unless_the_config_lets_the_undecided_through(
    verdict: Verdict, undecided: Literal["pass", "fail"], passes: bool, tmp_path: Path
) -> None:
    record = GateRecord(
        verdict=verdict, undecided=undecided, reason="It grew.", kind=None, least_change=0.01, comparison=None
    )
    write_gate(tmp_path / "gate.json", record)
    command = [sys.executable, "-P", "-m", "ergit.reports.gate", tmp_path / "gate.json"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == (0 if passes else 1)
    assert f"ergit: gate: {verdict}: It grew." in (done.stdout if passes else done.stderr)


def test_a_missing_record_is_named(tmp_path: Path) -> None:
    command = [sys.executable, "-P", "-m", "ergit.reports.gate", tmp_path / "gate.json"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 1
    assert f"ergit: {tmp_path / 'gate.json'} cannot be read" in done.stderr
