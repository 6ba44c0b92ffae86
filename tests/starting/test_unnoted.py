"""Which records of readings a killed run left behind without a note of their settings."""

from base64 import urlsafe_b64encode
from pathlib import Path

import pytest

from ergit.starting.unnoted import unnoted

SHA = "0ec90d327f" * 4
READINGS = f"results/readings/{SHA}/2.json"
NOISE = f"results/noise/{SHA}/1/12.json"


def mark(output: str, most: int = 255) -> None:
    """Marks the beginning of a job as Snakemake does, which splits what is longer than the names of files may be."""
    text = urlsafe_b64encode(output.encode()).decode()
    *folders, name = [text[begin : begin + most] for begin in range(0, len(text), most)]
    marker = Path("markers", *(f"@{folder}" for folder in folders), name)
    marker.parent.mkdir(parents=True, exist_ok=True)
    marker.write_text('{"external_jobid": null}')


def write(output: str, schema: str = "ergit.readings/2") -> None:
    Path(output).parent.mkdir(parents=True, exist_ok=True)
    Path(output).write_text(f'{{"schema": "{schema}",\n"protocol": 1}}')


@pytest.fixture(autouse=True)
def in_a_study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_records_of_jobs_that_were_begun_and_are_there_are_found() -> None:
    for output in (READINGS, NOISE):
        write(output)
        mark(output, most=40)
    write(f"results/readings/{SHA}/3.json")  # not marked
    mark(f"results/readings/{SHA}/4.json")  # not there
    assert set(unnoted(Path("markers"), "results")) == {READINGS, NOISE}


def test_other_outputs_other_files_and_records_of_an_older_ergit_are_left_alone() -> None:
    write(READINGS, "ergit.readings/1")
    for output in (READINGS, f"results/build/{SHA}.json", f"other/readings/{SHA}/2.json"):
        if not Path(output).exists():
            write(output)
        mark(output)
    Path("markers/migration_underway").write_text("")
    assert list(unnoted(Path("markers"), "results")) == []


def test_a_study_without_marks_has_none() -> None:
    assert list(unnoted(Path("markers"), "results")) == []
