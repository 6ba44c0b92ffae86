"""The last words of a run that did not finish."""

from pathlib import Path

import pytest

from ergit.starting.ending import FailedJob, last_lines

COMMIT = "a1b2c3d4e5" + "0" * 30
OF_SNAKEMAKE = ["/study/.snakemake/log/1.snakemake.log"]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """A log that ends with a sentence."""
    path = tmp_path / "build.log"
    path.write_text("compiles\nergit: The disk is full. Make room.\n", encoding="utf-8")
    return path


def told(*jobs: FailedJob, is_interrupted: bool = False) -> str:
    """What is told of these jobs."""
    return "".join(last_lines(jobs, OF_SNAKEMAKE, is_interrupted=is_interrupted))


def test_the_sentence_of_a_job_is_told_with_its_log(log: Path) -> None:
    assert told(FailedJob("build", log=log)) == f"\nergit: The disk is full. Make room.\n  (log: {log})\n"


def test_the_same_sentence_of_several_jobs_is_told_once(log: Path) -> None:
    jobs = [FailedJob("build", {"commit": str(number)}, log) for number in range(3)]
    assert told(*jobs) == (
        f"\nergit: The disk is full. Make room.\n  (log: {log}; 2 other jobs failed with the same words)\n"
    )


def test_a_killed_job_is_explained_in_words(tmp_path: Path) -> None:
    job = FailedJob("measure", {"commit": COMMIT, "round": "2"}, tmp_path / "none.log", "SIGKILL")
    assert told(job) == (
        "\nergit: the job `measure` of commit a1b2c3d4e5, round 2 was killed (SIGKILL): by the kernel where memory ran"
        " out, which `dmesg` says, or by somebody. The same command tries it again."
        f"\n  (log: {tmp_path}/none.log)\n"
    )


def test_what_a_killed_job_did_last_is_not_why_it_failed(log: Path) -> None:
    log.write_text("ergit: energy by estimate, asked for by measure.source\n", encoding="utf-8")
    job = FailedJob("measure", {"commit": COMMIT}, log, "SIGKILL")
    assert told(job).startswith("\nergit: the job `measure` of commit a1b2c3d4e5 was killed (SIGKILL): by the kernel")
    assert job.in_short() == "it was killed (SIGKILL)"
    assert told(job, is_interrupted=True) == ""


def test_a_program_that_ended_otherwise_shows_the_end_of_its_log(tmp_path: Path) -> None:
    log = tmp_path / "plot.log"
    log.write_text("Traceback (most recent call last):\nValueError: no\n", encoding="utf-8")
    assert told(FailedJob("plot", log=log)).startswith(
        "\nergit: the job `plot` failed, and its log ends so:\nTraceback (most recent call last):\nValueError: no\n"
    )


def test_a_job_without_a_log_is_named_and_points_to_that_of_snakemake() -> None:
    assert told(FailedJob("mine")) == (
        "\nergit: the job `mine` failed, and no log says why; what it printed stands above, if anything."
        f"\n  (log: {OF_SNAKEMAKE[0]})\n"
    )
    assert FailedJob("mine").in_short() == "no log says why"


def test_what_ends_the_run_comes_last_and_of_many_failures_three_are_told(tmp_path: Path) -> None:
    jobs = []
    for number, words in enumerate(["so the run ends here", "one", "two", "three"]):
        log = tmp_path / f"{number}.log"
        log.write_text(f"ergit: {words}.\n", encoding="utf-8")
        jobs.append(FailedJob("build", log=log))
    paragraphs = told(*jobs).strip().split("\n\n")
    assert [paragraph.splitlines()[0] for paragraph in paragraphs] == [
        "ergit: 1 other failure beside these: /study/.snakemake/log/1.snakemake.log names their logs.",
        "ergit: two.",
        "ergit: three.",
        "ergit: so the run ends here.",
    ]


def test_of_an_interrupted_run_only_what_failed_before_is_told(log: Path, tmp_path: Path) -> None:
    ended = FailedJob("measure", log=tmp_path / "none.log", signal="SIGTERM")
    assert told(ended, is_interrupted=True) == ""
    assert told(ended, FailedJob("build", log=log), is_interrupted=True).startswith("\nergit: The disk is full.")


def test_a_run_that_ends_without_a_failed_job_names_snakemakes_log() -> None:
    assert told() == f"\nergit: the run did not finish; {OF_SNAKEMAKE[0]} says more.\n"
