"""Which records a killed run left behind without a note of their settings, and which of them cannot stay."""

import json
from base64 import urlsafe_b64encode
from pathlib import Path

import pytest
from msgspec.structs import replace

from ergit.config.settings import Fingerprints
from ergit.starting.unnoted import made_otherwise

SHA = "0ec90d327f" * 4
BUILD = f"results/build/{SHA}.json"
READINGS = f"results/readings/{SHA}/2.json"
NOISE = f"results/noise/{SHA}/1/12.json"
BUILD_OF_NOISE = f"results/noise/{SHA}/1/build.json"
JAVA = f"results/java/{SHA}.json"
TESTS = f"results/tests/{SHA}.json"
NOW = Fingerprints(java="a JDK", build="a build", tests="tests", readings="readings")


def mark(output: str, most: int = 255) -> None:
    """Marks the beginning of a job as Snakemake does, which splits what is longer than the names of files may be."""
    text = urlsafe_b64encode(output.encode()).decode()
    *folders, name = [text[begin : begin + most] for begin in range(0, len(text), most)]
    marker = Path("markers", *(f"@{folder}" for folder in folders), name)
    marker.parent.mkdir(parents=True, exist_ok=True)
    marker.write_text('{"external_jobid": null}')


def write(output: str, fingerprint: str | None) -> None:
    """A record that was made with other settings, or these."""
    Path(output).parent.mkdir(parents=True, exist_ok=True)
    Path(output).write_text(json.dumps({"schema": "ergit.readings/2", "fingerprint": fingerprint}))


@pytest.fixture(autouse=True)
def in_a_study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def found(now: Fingerprints = NOW) -> set[str]:
    return set(made_otherwise(Path("markers"), "results", now))


def test_a_record_that_was_begun_and_is_there_is_found_where_other_settings_made_it() -> None:
    for output in (JAVA, BUILD, TESTS, READINGS, NOISE, BUILD_OF_NOISE):
        write(output, "another")
        mark(output, most=40)
    write(f"results/readings/{SHA}/3.json", "another")  # not marked
    mark(f"results/readings/{SHA}/4.json")  # not there
    assert found() == {JAVA, BUILD, TESTS, READINGS, NOISE, BUILD_OF_NOISE}


def test_one_that_would_be_made_the_same_now_stays() -> None:
    builds = ((BUILD, "a build"), (BUILD_OF_NOISE, "a build"))
    for output, fingerprint in (*builds, (JAVA, "a JDK"), (TESTS, "tests"), (READINGS, "readings")):
        write(output, fingerprint)
        mark(output)
    assert found() == set()
    assert found(replace(NOW, readings=None)) == {READINGS}  # nobody can say what readings stand for


def test_what_all_commits_share_is_made_anew_in_any_case() -> None:
    shared = ("results/workload.json", "results/tests/common.json")
    for output in (*shared, "results/tests/other.json", "other/workload.json"):
        write(output, None)
        assert found() == set()
    for output in (*shared, "results/tests/other.json", "other/workload.json"):
        mark(output)
    assert found() == set(shared)


def test_other_outputs_other_files_and_records_that_do_not_say_it_are_left_alone() -> None:
    write(READINGS, None)
    mark(READINGS)
    for output in (
        f"results/build/{SHA}.log",
        f"other/readings/{SHA}/2.json",
        f"build/{SHA}.json",
        "results/commits.tsv",
    ):
        write(output, "another")
        mark(output)
    write(NOISE, "another")
    Path(NOISE).write_text(Path(NOISE).read_text()[:-5])
    mark(NOISE)
    Path("markers/migration_underway").write_text("")
    assert found() == set()
