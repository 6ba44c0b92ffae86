"""What thousands of commits cost Snakemake: `python -m benchmarks.scale [COMMITS ...]` prints a table.

Each study has five rounds. Checkouts, builds and readings end at once, so that what is counted is Snakemake's own work:
CPU seconds, which other load changes little, and peak memory. A row is a study; its columns are

- plan: a dry run before anything is built;
- Snakemake alone: the dry run of a workflow of as many jobs with the same files and edges, and nothing else: no params,
  logs, priorities, checkpoints;
- pass: the scheduler's choice of the next job, the median and the slowest, with all readings ready, under `ergit` and
  under Snakemake's `greedy` (of that one some passes only: all would take hours);
- job: all that Snakemake does for one job, without the job's own program;
- nothing to do: a dry run of the finished study;
- metadata: what Snakemake's own folder holds of a job, in bytes of its files.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

import yaml

from tests.fakes.studies import CONFIG, ROOT

SIZES = (100, 1000, 3232)
ROUNDS = 5
PASSES_OF_GREEDY = 30
HEAD = (
    "| commits | jobs | plan | Snakemake alone | pass, ergit | pass, greedy | job, ergit | nothing to do | metadata |\n"
    "|--:|--:|--:|--:|--:|--:|--:|--:|--:|"
)
ALONE = """from hashlib import sha1
COMMITS = [sha1(str(number).encode()).hexdigest() for number in range({commits})]

rule all:
    input:
        expand("results/readings/{{commit}}/{{round}}.json", commit=COMMITS, round=range(1, {rounds} + 1)),

rule checkout:
    output:
        temp(directory("results/checkout/{{commit}}")),
    shell:
        "true"

rule java:
    output:
        "results/java/{{commit}}.json",
    shell:
        "true"

rule build:
    input:
        "results/java/{{commit}}.json",
        "results/checkout/{{commit}}",
    output:
        "results/build/{{commit}}.tar.gz",
        "results/build/{{commit}}.json",
    shell:
        "true"

rule measure:
    input:
        "results/build/{{commit}}.json",
        "results/build/{{commit}}.tar.gz",
    output:
        "results/readings/{{commit}}/{{round}}.json",
    shell:
        "true"
"""
"""A workflow of the same jobs, by Python's format()."""


class Cost(NamedTuple):
    """What one call took."""

    seconds: float
    megabytes: float

    def __str__(self) -> str:
        return f"{self.seconds:.1f} s, {self.megabytes:.0f} MB"


def made_history(path: Path, commits: int) -> None:
    """A repository of so many commits that change nothing."""
    lines = []
    for number in range(commits):
        person = f"committer A <a@example.org> {1_700_000_000 + number} +0000"
        lines += ["commit refs/heads/main", person, "data 1", "x"]
    subprocess.run(["git", "init", "--quiet", "--initial-branch=main", str(path)], check=True)
    text = "\n".join([*lines, ""]).encode()
    subprocess.run(["git", "-C", str(path), "fast-import", "--quiet"], input=text, check=True)


def made_study(home: Path, commits: int) -> Path:
    """The folder of a study of so many commits, which are chosen already."""
    made_history(home / "project", commits)
    study = home / "study"
    (study / "config").mkdir(parents=True)
    config = CONFIG | {
        "commits": {},
        "build": {"commands": []},
        "workload": {"command": "true"},
        "measure": CONFIG["measure"] | {"rounds": ROUNDS, "repeats": 1, "warmup": 0},
    }
    (study / "config/config.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    called(study, "snakemake", "--until", "forecast")
    return study


def plan_alone(home: Path, commits: int) -> Cost:
    """What the plan of as many jobs takes in a workflow that has nothing of ergit's."""
    folder = home / "alone"
    folder.mkdir()
    snakefile = folder / "Snakefile"
    snakefile.write_text(ALONE.format(commits=commits, rounds=ROUNDS), encoding="utf-8")
    return called(folder, "snakemake", "--dry-run", "--quiet", "rules", "progress", "host", snakefile=snakefile)


def called(
    study: Path, module: str, *options: str, may_fail: bool = False, snakefile: Path = ROOT / "Snakefile"
) -> Cost:
    """What a call of Snakemake, or of `benchmarks.instant`, takes in the study's folder."""
    given = ["--snakefile", str(snakefile), "--cores", "2"]
    command = [sys.executable, "-P", "-m", module, *(options[:2] if module != "snakemake" else []), *given]
    command += options[2:] if module != "snakemake" else options
    log = study / "printed"
    with log.open("wb") as file:
        running = subprocess.Popen(
            command, cwd=study, env=os.environ | {"PYTHONPATH": str(ROOT)}, stdout=file, stderr=file
        )
        _, status, used = os.wait4(running.pid, 0)
    running.returncode = os.waitstatus_to_exitcode(status)
    if running.returncode and not may_fail:
        sys.exit(log.read_text(encoding="utf-8")[-2000:])
    return Cost(used.ru_utime + used.ru_stime, used.ru_maxrss / 1000)


def passes(study: Path, scheduler: str, end: str) -> tuple[list[tuple[int, float]], Cost]:
    """The ready jobs and CPU seconds of each pass of one run, and what the run took until its end."""
    file = study / "passes.json"
    cost = called(study, "benchmarks.instant", str(file), end, "--scheduler", scheduler, may_fail=True)
    return [(ready, seconds) for ready, seconds in json.loads(file.read_text(encoding="utf-8"))], cost


def shown(found: list[tuple[int, float]]) -> str:
    """The median and the slowest pass, without the first one, and the largest number of ready jobs."""
    later = [seconds * 1000 for _, seconds in found[1:]]
    ready = max(ready for ready, _ in found)
    return f"{statistics.median(later):.2f} ms, {max(later):.1f} at {ready} ready"


def row(commits: int) -> str:
    """The table's row for a study of so many commits."""
    with tempfile.TemporaryDirectory() as name:
        study = made_study(Path(name), commits)
        plan = called(study, "snakemake", "--dry-run")
        alone = plan_alone(Path(name), commits)
        passes(study, "ergit", "measure")
        greedy, _ = passes(study, "greedy", str(PASSES_OF_GREEDY))
        before = called(study, "snakemake", "--dry-run")
        own, cost = passes(study, "ergit", "sort")
        jobs = commits * (3 + ROUNDS)
        per_job = (cost.seconds - before.seconds) / max(1, len(own))
        called(study, "snakemake")
        nothing = called(study, "snakemake", "--dry-run")
        files = [path.stat() for path in (study / ".snakemake/metadata").rglob("*") if path.is_file()]
        metadata = sum(file.st_size for file in files) / jobs
        return (
            f"| {commits} | {jobs} | {plan} | {alone} | {shown(own)} | {shown(greedy)} | {per_job * 1000:.0f} ms"
            f" | {nothing} | {metadata:.0f} B |"
        )


def main() -> None:
    """Prints the table."""
    print(HEAD)
    for commits in map(int, sys.argv[1:] or SIZES):
        print(row(commits), flush=True)


if __name__ == "__main__":
    main()
