"""The command that finds changes in a list of runs."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from ergit.analysis.runs import read_runs
from ergit.errors import ErgitError
from tests.fakes.tables import sha_of

PROGRAM = [sys.executable, "-P", "-m", "ergit.analysis.runs"]


@pytest.mark.parametrize("energy", ["0", "-3.5", "nan", "inf", "", "None", "1_000", "١٢", "0x10"])
def test_energy_that_cannot_be_is_refused_with_its_row(tmp_path: Path, energy: str) -> None:
    runs = tmp_path / "runs.csv"
    runs.write_text(f"a,1.0\na,2.0\nb,{energy}\n", encoding="utf-8")
    with pytest.raises(ErgitError, match=r"row 3 of .*runs\.csv"):
        read_runs(runs)


@pytest.mark.parametrize(("energy", "joules"), [("1e3", 1000.0), (" 2.5 ", 2.5), ("+3", 3.0), (".5", 0.5)])
def test_energy_is_read_as_csv_and_json_write_it(tmp_path: Path, energy: str, joules: float) -> None:
    runs = tmp_path / "runs.csv"
    runs.write_text(f"a,{energy}\n", encoding="utf-8")
    assert read_runs(runs)[1].joules.tolist() == [joules]


def test_a_run_of_no_commit_is_refused_with_its_row(tmp_path: Path) -> None:
    runs = tmp_path / "runs.csv"
    runs.write_text("a,1.0\n\n,2.0\n", encoding="utf-8")
    with pytest.raises(ErgitError, match=r"row 3 of .*runs\.csv names no commit"):
        read_runs(runs)


def test_a_list_that_is_not_there_or_no_text_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(ErgitError, match=r"runs\.csv cannot be read"):
        read_runs(tmp_path / "runs.csv")
    (tmp_path / "runs.csv").write_bytes(b"a,1.0\n\xff\xfe,2\n")
    with pytest.raises(ErgitError, match=r"runs\.csv is not UTF-8 text"):
        read_runs(tmp_path / "runs.csv")


def test_the_program_reads_runs_and_writes_changes(tmp_path: Path) -> None:
    rng = np.random.default_rng(6)
    lines = [
        f"{sha_of(n)},{(100 if n < 15 else 90) * np.exp(rng.normal(0, 0.01)):.2f}\r\n"
        for n in range(30)
        for _ in range(5)
    ]
    runs, output = tmp_path / "in.csv", tmp_path / "out.json"
    runs.write_text("".join(lines), encoding="utf-8", newline="")
    subprocess.run([*PROGRAM, str(runs), str(output)], check=True)
    (change,) = json.loads(output.read_text(encoding="utf-8"))
    assert (change["commit"], change["direction"], change["kind"]) == (sha_of(15), "decrease", "persistent")
    assert change["location"] == [sha_of(15)]
    assert change["q_value"] < 0.05


def test_the_program_needs_neither_pandas_nor_matplotlib() -> None:
    program = "import sys, ergit.analysis.runs; sys.exit(bool({'pandas', 'matplotlib', 'git'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-P", "-c", program], check=False).returncode == 0


def test_wrong_words_and_a_missing_list_end_with_a_sentence(tmp_path: Path) -> None:
    wrong = subprocess.run([*PROGRAM, "one"], capture_output=True, text=True, check=False)
    assert wrong.returncode == 2
    assert "OUT.json" in wrong.stderr
    missing = subprocess.run([*PROGRAM, "none.csv", "out.json"], cwd=tmp_path, capture_output=True, text=True)
    assert missing.returncode == 1
    assert missing.stderr.startswith("ergit: none.csv cannot be read")
