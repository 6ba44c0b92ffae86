"""The rule `changes` and the command line, from files to files."""

import csv
import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from ergit.analysis.changes import COLUMNS, anchor_positions, main, read_commits, read_runs, read_table
from ergit.analysis.detection.conclusions import Commit
from ergit.records.changes import Findings, from_json, to_json
from ergit.errors import ErgitError
from ergit.measuring.table import COLUMNS as TABLE_COLUMNS

ROOT = Path(__file__).parent.parent
SETTINGS = {"least_change": 0.01, "false_discovery_rate": 0.05, "tags": [], "accepted": [], "anchors": []}


def sha(number: int) -> str:
    """The full name of a commit."""
    return f"{number:040x}"


def reading(number: int, repeat: int, joules: str, **cells: Any) -> dict[str, Any]:
    """A row of results/energy.csv, at 20 watts."""
    known = {"commit": sha(number), "order": number, "subject": 'Say "x", y', "round": 1, "repeat": repeat}
    outcome = {"attempt": 1, "status": "ok", "clean": True, "kind": "measured", "source": "powercap", "host": "box"}
    seconds = float(joules) / 20 if joules else ""
    values = {"energy_package_joules": joules, "duration_seconds": seconds, "power_watts": 20.0, "session": "5e55"}
    return known | outcome | values | cells


def study(folder: Path, rows: list[dict[str, Any]], commits: int) -> Any:
    """The job of the rule `changes` for these rows and so many commits."""
    with (folder / "energy.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, TABLE_COLUMNS, restval="")
        writer.writeheader()
        writer.writerows(rows)
    lines = ["commit\torder\tdate\tauthor\tsubject\tparents\tfirst_parent\tchosen\treason"]
    lines += [f'{sha(n)}\t{n}\t2024\tA\tSay "x", y\t\tyes\tyes\t' for n in range(commits)]
    (folder / "commits.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return SimpleNamespace(
        input=SimpleNamespace(table=folder / "energy.csv", commits=folder / "commits.tsv"),
        output=SimpleNamespace(table=folder / "changes.tsv", json=folder / "changes.json"),
        params=SimpleNamespace(settings=SETTINGS),
    )


def conclude(job: Any) -> Findings:
    """Runs the rule and reads what it wrote."""
    main(job)
    return from_json(Path(job.output.json).read_text(encoding="utf-8"))


def stepped(commits: int, change_point: int, factor: float, absent: tuple[int, ...] = ()) -> list[dict[str, Any]]:
    """Five readings of each commit but the absent ones, `factor` times the energy from `change_point` on."""
    rng = np.random.default_rng(4)
    return [
        reading(n, repeat, f"{100 * (factor if n >= change_point else 1) * np.exp(rng.normal(0, 0.005)):.4f}")
        for n in range(commits)
        if n not in absent
        for repeat in range(1, 6)
    ]


def test_a_change_has_size_interval_rate_joules_and_cause(tmp_path: Path) -> None:
    findings = conclude(study(tmp_path, stepped(40, 20, 1.1), 40))
    (change,) = findings.changes
    assert (change.commit, change.order, change.kind, change.direction) == (sha(20), 20, "persistent", "increase")
    assert change.ci_low < 0.1 < change.ci_high
    assert change.joules_after == pytest.approx(110, rel=0.01)
    assert change.joules_before == pytest.approx(100, rel=0.01)
    assert change.duration_change == pytest.approx(0.1, abs=0.01)
    assert change.power_change == 0
    assert change.location == [sha(20)]
    assert findings.study.kind == "measured"
    assert findings.study.minimum_detectable_change is not None
    assert 0 < findings.study.parts[0].run_spread < 0.01


def test_a_change_may_lie_in_any_commit_without_a_reading_before_it(tmp_path: Path) -> None:
    findings = conclude(study(tmp_path, stepped(40, 20, 1.1, absent=(18, 19)), 40))
    assert findings.changes[0].location == [sha(18), sha(19), sha(20)]
    assert findings.commits[19].median_joules is None
    assert findings.commits[20].shift is not None
    assert findings.commits[20].shift.against == sha(17)


def test_only_clean_readings_count(tmp_path: Path) -> None:
    rows = stepped(30, 15, 1.1)
    rows += [reading(3, 6, "900.0", clean=False, flags="foreign-cpu"), reading(4, 6, "", status="failed", clean=False)]
    findings = conclude(study(tmp_path, rows, 30))
    assert findings.study.readings == 150
    assert findings.commits[3].readings == 5


def test_the_flat_table_has_a_row_a_commit(tmp_path: Path) -> None:
    job = study(tmp_path, stepped(40, 20, 1.1, absent=(5,)), 40)
    main(job)
    with Path(job.output.table).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    assert list(rows[0]) == list(COLUMNS)
    assert [row["commit"] for row in rows] == [sha(n) for n in range(40)]
    assert [row["change_kind"] for row in rows if row["change_kind"]] == ["persistent"]
    assert rows[20]["differs"] == "True"
    assert rows[5]["median_joules"] == ""
    assert float(rows[30]["level_joules"]) == pytest.approx(110, rel=0.01)


@pytest.mark.parametrize("commits", [0, 1, 2])
def test_hardly_any_commits_are_no_error(tmp_path: Path, commits: int) -> None:
    findings = conclude(study(tmp_path, stepped(commits, 0, 1.0), commits))
    assert findings.changes == []
    assert len(findings.commits) == commits


def test_findings_are_read_as_they_were_written(tmp_path: Path) -> None:
    findings = conclude(study(tmp_path, stepped(30, 15, 1.1), 30))
    assert from_json(to_json(findings)) == findings
    assert json.loads(to_json(findings))["schema"] == "ergit.changes/1"


def test_sessions_without_anchors_are_never_compared(tmp_path: Path) -> None:
    rows = [row | {"session": "new" if row["order"] >= 20 else "old"} for row in stepped(40, 20, 1.7)]
    findings = conclude(study(tmp_path, rows, 40))
    assert findings.changes == []
    assert findings.commits[20].shift is None
    assert [part.sessions[0].session for part in findings.study.parts] == ["old", "new"]


def test_hosts_are_sessions_of_their_own(tmp_path: Path) -> None:
    rows = [row | {"host": "new" if row["order"] >= 20 else "old"} for row in stepped(40, 20, 1.7)]
    assert len(conclude(study(tmp_path, rows, 40)).study.parts) == 2


def test_shared_commits_show_what_a_session_adds(tmp_path: Path) -> None:
    old = [row | {"session": "old"} for row in stepped(20, 99, 1.0)]
    new = [row | {"session": "new"} for row in stepped(40, 0, 1.7) if row["order"] >= 14]
    findings = conclude(study(tmp_path, old + new, 40))
    (part,) = findings.study.parts
    assert part.anchors == 6
    assert part.sessions[1].ci_low < 0.7 < part.sessions[1].ci_high
    assert findings.changes == []


def test_measured_and_estimated_energy_are_never_mixed(tmp_path: Path) -> None:
    rows = [row | {"kind": "estimated" if row["order"] == 3 else "measured"} for row in stepped(10, 5, 1.1)]
    with pytest.raises(ErgitError, match="estimated and measured"):
        conclude(study(tmp_path, rows, 10))


@pytest.mark.parametrize("energy", ["0", "-3.5", "nan", "inf", "", "None"])
def test_energy_that_cannot_be_is_refused_with_its_row(tmp_path: Path, energy: str) -> None:
    rows = stepped(4, 9, 1.0)
    rows[6]["energy_package_joules"] = energy
    job = study(tmp_path, rows, 4)
    with pytest.raises(ErgitError, match=r"row 8 of .*energy\.csv"):
        read_table(job.input.table, read_commits(job.input.commits))
    runs = tmp_path / "runs.csv"
    runs.write_text(f"a,1.0\na,2.0\nb,{energy}\n", encoding="utf-8")
    with pytest.raises(ErgitError, match=r"row 3 of .*runs\.csv"):
        read_runs(runs)


def test_a_run_of_no_commit_is_refused_with_its_row(tmp_path: Path) -> None:
    runs = tmp_path / "runs.csv"
    runs.write_text("a,1.0\n\n,2.0\n", encoding="utf-8")
    with pytest.raises(ErgitError, match=r"row 3 of .*runs\.csv names no commit"):
        read_runs(runs)


def test_an_anchor_that_is_no_commit_of_the_study_is_named() -> None:
    commits = [Commit(sha(n), n, None) for n in range(3)]
    assert anchor_positions([sha(1)[:39]], commits, commits) >= {1}
    with pytest.raises(ErgitError, match=r"'v1\.0'"):
        anchor_positions(["v1.0"], commits, commits)


def test_the_command_line_reads_runs_and_writes_changes(tmp_path: Path) -> None:
    rng = np.random.default_rng(6)
    lines = [
        f"{sha(n)},{(100 if n < 15 else 90) * np.exp(rng.normal(0, 0.01)):.2f}\r\n" for n in range(30) for _ in range(5)
    ]
    runs, output = tmp_path / "in.csv", tmp_path / "out.json"
    runs.write_text("".join(lines), encoding="utf-8", newline="")
    command = [sys.executable, "-m", "ergit.analysis.changes", str(runs), str(output)]
    subprocess.run(command, cwd=ROOT, check=True)
    (change,) = json.loads(output.read_text(encoding="utf-8"))
    assert (change["commit"], change["direction"], change["kind"]) == (sha(15), "decrease", "persistent")
    assert change["location"] == [sha(15)]


def test_the_command_line_needs_neither_pandas_nor_matplotlib() -> None:
    program = "import sys, ergit.analysis.changes; sys.exit(bool({'pandas', 'matplotlib'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=False).returncode == 0


def test_a_wrong_command_line_says_how_it_is_used() -> None:
    command = [sys.executable, "-m", "ergit.analysis.changes", "one"]
    outcome = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert outcome.returncode == 1
    assert outcome.stderr.startswith("ergit: usage:")
