"""What Snakemake itself costs: `python -m benchmarks.snakemake_load [COMMITS]` prints three figures.

The seconds and memory to plan a study of so many commits in five rounds, and the share of a core that Snakemake's main
process uses while a reading runs, with sixty jobs done and all others waiting.
"""

import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import yaml

from tests.test_workflow import CONFIG, ROOT, planned

DONE_JOBS = 60
READING_SECONDS = 20


def history(path: Path, commits: int) -> None:
    """A repository of so many commits that change nothing."""
    lines = []
    for number in range(commits):
        lines += [
            "commit refs/heads/main",
            f"committer A <a@example.org> {1_700_000_000 + number} +0000",
            "data 1",
            "x",
        ]
    subprocess.run(["git", "init", "--quiet", "--initial-branch=main", str(path)], check=True)
    subprocess.run(
        ["git", "-C", str(path), "fast-import", "--quiet"], input="\n".join([*lines, ""]).encode(), check=True
    )


def cpu_seconds(pid: int) -> float:
    """The CPU time that a process has used so far."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Prints the figures."""
    commits = int(sys.argv[1]) if len(sys.argv) > 1 else 215
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        history(home / "project", commits)
        work = home / "work"
        (work / "config").mkdir(parents=True)
        waits = f"test $(ls $ERGIT_STUDY/results/readings/*/*.json | wc -l) -lt {DONE_JOBS}"
        config = CONFIG | {
            "commits": {},
            "build": {"commands": []},
            "workload": {"command": f"{waits} || sleep {READING_SECONDS}"},
            "measure": CONFIG["measure"] | {"rounds": 5, "repeats": 1, "warmup": 0},
        }
        (work / "config/config.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
        snakemake = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile"), "--cores", "8"]
        quietly = {"cwd": work, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        subprocess.run([*snakemake, "results/commits.tsv"], check=True, **quietly)
        began = time.monotonic()
        jobs = planned(work, "results/energy.csv")
        seconds = time.monotonic() - began
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        print(f"planning {commits} commits, {jobs.total()} jobs: {seconds:.1f} s, {peak:.0f} MiB", flush=True)
        running = subprocess.Popen([*snakemake, "results/energy.csv"], start_new_session=True, **quietly)
        try:
            while running.poll() is None and not sleeping(work):
                time.sleep(0.5)
            time.sleep(2)
            before, began = cpu_seconds(running.pid), time.monotonic()
            time.sleep(READING_SECONDS - 6)
            share = (cpu_seconds(running.pid) - before) / (time.monotonic() - began)
            done = len(list((work / "results/readings").glob("*/*.json")))
            print(f"while a reading runs, {done} jobs done, {commits * 5 - done} waiting: {share:.2%} of a core")
        finally:
            os.killpg(running.pid, signal.SIGKILL)
            running.wait()


def sleeping(work: Path) -> bool:
    """Whether so many readings are there that the next one sleeps."""
    return len(list((work / "results/readings").glob("*/*.json"))) >= DONE_JOBS


if __name__ == "__main__":
    main()
