"""How often `ergit gate` fails on commits that are the same program, on the machine as it is, by the estimate.

    python -m benchmarks.gate_alarms --gates 20

Each gate compares a commit with the one before it, which differs in a comment; all readings count, whatever else runs.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

from scipy.stats import beta

from ergit.gate.command import STATUS
from ergit.records.gate import read_gate

CONFIG = """\
java: null
workload: {command: ./program}
measure:
  rounds: 3
  repeats: 5
  rest_seconds: 0
  idle_seconds: 0
  quiet: {foreign_cores: 100}
  temperature: {sensor: null}
"""
PROGRAM = "#!/bin/bash\n# {number}\nfor ((i = 0; i < 30000; i++)); do :; done\n"
PERSON = {f"GIT_{role}_{what}": "gate@example.org" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
CONFIDENCE = 0.95


def project(folder: Path, commits: int) -> None:
    """A project of commits that differ in a comment of their program."""
    git(folder, "init", "--quiet", "--initial-branch=main", str(folder))
    (folder / "ergit.yaml").write_text(CONFIG, encoding="utf-8")
    for number in range(commits):
        (folder / "program").write_text(PROGRAM.format(number=number), encoding="utf-8")
        (folder / "program").chmod(0o755)
        git(folder, "add", "--all")
        git(folder, "commit", "--quiet", "--message", f"Commit {number}")


def git(folder: Path, *arguments: str) -> None:
    """Runs a Git command in a folder."""
    subprocess.run(["git", "-C", folder, *arguments], check=True, env=os.environ | PERSON)


def verdict(folder: Path, work: Path, number: int, gates: int) -> tuple[str, float, float, float]:
    """The verdict on one commit against the one before it, with the relative change and its interval."""
    head = f"main~{gates - number}"
    command = [sys.executable, "-P", "-m", "ergit.cli", "gate", "--base", f"{head}~1", "--head", head]
    done = subprocess.run(
        [*command, "--allow-estimate", "--work", str(work)], cwd=folder, capture_output=True, text=True
    )
    if done.returncode not in STATUS.values():
        sys.exit(done.stdout + done.stderr)
    (record,) = work.glob(f"*-against-main-{gates - number}-1/results/gate.json")
    compared = read_gate(record).comparison
    assert compared is not None
    return read_gate(record).verdict, compared.relative_change, compared.ci_low, compared.ci_high


def main() -> None:
    """Prints each verdict, and how many were a fail."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gate_alarms", description=__doc__)
    parser.add_argument("--gates", type=int, default=20)
    gates: int = parser.parse_args().gates
    found: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as home:
        folder, work = Path(home, "project"), Path(home, "work")
        folder.mkdir()
        project(folder, gates + 1)
        for number in range(1, gates + 1):
            name, relative, low, high = verdict(folder, work, number, gates)
            found[name] += 1
            print(f"{number:3}  {name:10}  {relative:+7.1%}  ({low:+.1%} to {high:+.1%})", flush=True)
    failed = found["fail"]
    most = beta.ppf(CONFIDENCE, failed + 1, gates - failed) if failed < gates else 1.0
    print(", ".join(f"{count} {name}" for name, count in found.most_common()))
    print(f"{failed} false alarms of {gates}: at most {most:.0%} of such gates ({CONFIDENCE:.0%} confidence)")


if __name__ == "__main__":
    main()
