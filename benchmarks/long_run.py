"""A long study that is killed again and again, and goes on: `python -m benchmarks.long_run`, `make long`.

    python -m benchmarks.long_run [--commits N] [--rounds N] [--kills N] [--seconds S] [--seed N]

The builds and the workload of its commits do next to nothing, so that what runs is ergit: it plans all commits, checks
them out, builds and measures them. The run is killed with SIGKILL, with all its process group, at a random moment
within so many seconds of its start, that often; each time the same command is given again. At the end it is left alone
until it ends.
"""

import argparse
import signal
import sys
import tempfile
import time
from pathlib import Path

from tests.faults.study import Found, Project, RunningStudy, running_study

BUILD = "#!/bin/bash\necho > made\n"
WORKLOAD = "#!/bin/bash\ntest -s made\n"
LONGEST_SECONDS = 86_400.0
HEAD = (
    "| commits | readings | kills | lost | torn | doubled | false | orphans | time | disk a reading |\n"
    "|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|"
)


def killed(study: RunningStudy, kills: int, seconds: float) -> list[Found]:
    """What was found after each kill; fewer where the study has come to its end before."""
    found: list[Found] = []
    while len(found) < kills:
        process = study.start()
        time.sleep(study.random.uniform(1, seconds))
        if process.poll() is not None:
            break
        study.signal_all(signal.SIGKILL)
        process.wait()
        found.append(study.look())
        print(f"{len(found)} killed, {len(study.finished)} records are there", file=sys.stderr, flush=True)
    return found


def bytes_of_readings(study: RunningStudy) -> int:
    """What the records and logs of the readings take, as `du --apparent-size` counts them."""
    return sum(path.stat().st_size for path in (study.folder / "results/readings").rglob("*") if path.is_file())


def main() -> int:
    """The table; the status is that something is wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--commits", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seconds", type=float, default=60.0, help="the longest time from a start to its kill")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    began = time.monotonic()
    project = Project(BUILD, WORKLOAD, options.commits, options.commits)
    with (
        tempfile.TemporaryDirectory(prefix="ergit-long-") as name,
        running_study(Path(name), options.seed, options.rounds, project) as study,
    ):
        found = killed(study, options.kills, options.seconds)
        kills = len(found)
        found.append(study.complete(LONGEST_SECONDS))
        readings = options.commits * options.rounds
        share = bytes_of_readings(study) / readings
    problems = {what: [text for each in found for text in getattr(each, what)] for what in vars(Found())}
    counts = " | ".join(str(len(texts)) for texts in problems.values())
    print(HEAD)
    print(f"| {options.commits} | {readings} | {kills} | {counts} | {time.monotonic() - began:.0f} s | {share:.0f} B |")
    for what, texts in problems.items():
        for text in texts:
            print(f"{what}: {text}", file=sys.stderr)
    return int(any(problems.values()))


if __name__ == "__main__":
    sys.exit(main())
