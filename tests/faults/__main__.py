"""Prints what a running study has lost after faults: `python -m tests.faults [--tries N] [FAULT ...]`, `make faults`.

Each fault meets the study of a small repository at random moments; after each the same command is given again. As root
it runs on a small disk of its own, which can be filled, and holds no lock of this machine.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.faults.faults import ENDING, WITHIN
from tests.faults.power_loss import not_safe, traced
from tests.faults.study import Found, running_study

DISK_MEGABYTES = 400
IS_APART = "FAULTS_APART"


def campaign(fault: str, tries: int, folder: Path, seed: int) -> list[Found]:
    """What was found after each of so many faults, and after the study was completed."""
    found: list[Found] = []
    harm = (ENDING | WITHIN)[fault]
    with running_study(folder, seed) as study:
        while len(found) < tries:
            if study.has_ended():
                study.start()
            if harm(study):
                hang = study.end() if fault in ENDING else None
                seen = study.look()
                seen.false += [hang] if hang else []
                found.append(seen)
                if not seen.is_well:
                    print(f"{fault}: {seen}", file=sys.stderr, flush=True)
            elif study.process is not None and study.process.returncode == 0:
                study.grow()
        hang = study.end(600)
        found.append(study.complete())
        found[-1].false += [hang] if hang else []
    return found


def power_cut(folder: Path) -> tuple[int, list[str]]:
    """How many records and builds of a whole run there are, and those that a power cut could have taken or torn."""
    with running_study(folder, seed=1, rounds=2) as study:
        calls = traced(study.command, study.folder, folder / "strace", study.environment)
        results = study.folder / "results"
        kept = [path for ending in ("*.json", "*.tsv", "*.tar.gz") for path in sorted(results.rglob(ending))]
        passing = {"checkout", "mirror.git", "live.json"}  # made anew in any case, or news of a run that is over then
        files = [path for path in kept if not passing & set(path.relative_to(results).parts)]
        return len(files), [problem for path in files if (problem := not_safe(calls, path))]


def row(fault: str, found: list[Found], study_seconds: float) -> str:
    """A row of the table."""
    columns = ("lost", "torn", "doubled", "false", "orphans")
    numbers = [sum(len(getattr(each, name)) for each in found) for name in columns]
    return f"| {fault} | {len(found) - 1} | {' | '.join(map(str, numbers))} | {study_seconds:.0f} |"


def main() -> int:
    """The table, then what is wrong; the status is that there is something."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tries", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("faults", nargs="*")
    options = parser.parse_args()
    if os.geteuid() == 0 and IS_APART not in os.environ:
        mounts = 'mount -t tmpfs -o mode=1777 tmpfs /run/lock; exec "$@"'
        again = [sys.executable, "-m", "tests.faults", *sys.argv[1:]]
        command = ["unshare", "--mount", "bash", "-c", mounts, "faults", *again]
        return subprocess.run(command, env={**os.environ, IS_APART: "1"}, check=False).returncode
    problems = []
    print("| fault | tries | lost | torn | doubled | false | orphans | seconds |\n|---|---|---|---|---|---|---|---|")
    for fault in options.faults or [*ENDING, *WITHIN]:
        with tempfile.TemporaryDirectory(prefix="ergit-faults-") as name:
            if os.geteuid() == 0:
                size = f"size={DISK_MEGABYTES}M"
                subprocess.run(["mount", "-t", "tmpfs", "-o", size, "tmpfs", name], check=True)
            elif fault == "full disk for a second":
                print(f"| {fault} | needs root, for a small disk |")
                continue
            began = time.monotonic()
            try:
                found = campaign(fault, options.tries, Path(name), options.seed)
                print(row(fault, found, time.monotonic() - began), flush=True)
                problems += [f"{fault}: {each}" for each in found if not each.is_well]
            finally:
                if os.geteuid() == 0:
                    subprocess.run(["umount", "-l", name], check=True)
    if not options.faults and shutil.which("strace"):
        with tempfile.TemporaryDirectory(prefix="ergit-faults-") as name:
            number, unsafe = power_cut(Path(name))
        print(f"\nPower cut, by strace: of {number} records and builds, {len(unsafe)} could be lost or torn.")
        problems += unsafe
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
