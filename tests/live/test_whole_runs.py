"""What whole runs tell: on a terminal, in a log, in the study's folder, and to the user's command."""

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fakes.repositories import Repository, commit_programs
from tests.fakes.studies import ROOT, configure, snakemake

MINE = """
rule mine:
    output:
        "results/mine",
    log:
        "results/mine.log",
    shell:
        "echo no route > {log}; exit 1"
"""


@pytest.fixture
def study(repository: Repository) -> Path:
    """The folder of a study of four commits, of which one does not build."""
    commit_programs(repository, "#!/bin/bash\ntest ! -e broken\n")
    for number in range(3):
        repository.commit(f"Step {number}", program=f"#!/bin/bash\ntrue # {number}\n")
    repository.commit("Does not build", broken="yes")
    folder = repository.path.parent / "study"
    configure(folder, measure__rounds=2, measure__repeats=2, notify={"command": "env | grep ^ERGIT_ >> ../heard"})
    return folder


def heard(study: Path) -> dict[str, str]:
    lines = (study.parent / "heard").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines)


def on_a_terminal(study: Path, *words: str) -> str:
    """What `ergit run` writes onto a terminal of 100 columns."""
    terminal, given = pty.openpty()
    command = [sys.executable, "-P", "-m", "ergit.cli", "run", "--cores", "2", *words]
    environment = {**os.environ, "TERM": "xterm", "NO_COLOR": "", "PYTHONPATH": str(ROOT)}
    run = subprocess.Popen(command, cwd=study, stdin=given, stdout=given, stderr=given, env=environment)
    os.close(given)
    text = b""
    while True:
        try:
            text += os.read(terminal, 10_000)
        except OSError:  # the last program has closed it
            break
    os.close(terminal)
    assert run.wait(timeout=300) == 0, text.decode()
    return text.decode().replace("\r\n", "\n")


def test_a_terminal_shows_how_far_the_run_is_and_keeps_a_line_for_each_job(study: Path) -> None:
    text = on_a_terminal(study)
    assert " Step 0\n" in text
    assert text.count("  round 1  ") == text.count("  round 2  ") == 3  # once for each commit that builds
    assert "\nmeasuring  " in text
    assert "  12 of 12 readings, 100%" in text
    assert ", reading 2 of 2" in text
    assert "Does not build failed: `./build` ended with status 1\n" in text
    for chatter in ("Select jobs to execute", "Finished jobid", "steps (", "Provided cores"):
        assert chatter not in text
    after_the_last_block = text.rpartition("\x1b[2A\r")[2]
    assert "\x1b[J# Energy of " in after_the_last_block.replace("\r", "")
    record = json.loads((study / "results/live.json").read_text())
    assert (record["outcome"], record["readings_done"], record["readings_total"]) == ("done", 12, 12)
    assert (record["builds_done"], [failure["commits"] for failure in record["failures"]]) == (4, [1])
    assert len(record["last"]) == 8
    assert "has ended: all is done" in (study / "results/live.html").read_text()
    assert heard(study)["ERGIT_OUTCOME"] == "done"
    assert heard(study)["ERGIT_SUMMARY"] == str(study / "results/summary.md")
    (study.parent / "heard").unlink()
    on_a_terminal(study, "-n", "-R", "sort")
    assert not (study.parent / "heard").exists()


def test_a_log_gets_a_few_lines_and_a_job_that_fails_is_told_and_heard_of(study: Path) -> None:
    (study / "mine.smk").parent.mkdir(exist_ok=True)
    (study / "mine.smk").write_text(MINE)
    notify = {"command": "env | grep ^ERGIT_ >> ../heard; exit 5", "outcomes": ["failed"]}
    configure(study, commits=["main~2..main~1"], measure__rounds=1, rules=["mine.smk"], notify=notify)
    done = snakemake(study, "all", "results/mine")
    assert done.returncode == 1
    assert "\x1b" not in done.stderr
    assert "\nergit: job mine failed: no route\n" in done.stderr
    lines = [line for line in done.stderr.splitlines() if line.startswith("ergit: ")]
    assert 1 <= sum(" readings, " in line or " builds" in line or "not chosen yet" in line for line in lines) <= 5
    assert heard(study)["ERGIT_OUTCOME"] == "failed"
    assert heard(study)["ERGIT_READINGS_TOTAL"] == "2"
    assert "warning: the command of `notify` did not work: it ended with status 5" in done.stderr


def test_a_quiet_run_prints_nothing_and_tells_it_all_the_same(study: Path) -> None:
    done = snakemake(study, "--quiet", "all")
    assert (done.returncode, done.stdout) == (0, "")
    printed = [line for line in done.stderr.splitlines() if not line.startswith("Using workflow specific profile")]
    assert printed == []
    assert json.loads((study / "results/live.json").read_text())["outcome"] == "done"
