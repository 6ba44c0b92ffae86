"""Does a study that is killed decide as one that was not? `python -m benchmarks.replay`, `make replay`, prints a table.

A stand-in for the energy counter replays published joules: each reading of a commit counts the next one of its
readings. The study of 200 commits, three rounds and five repeats is killed with SIGKILL at ten random moments, each
time together with all of its process group, and continued with the same command. At the end each reading must have
counted the joules that were given for its commit, round and repeat; and the study must have found what the statistics
find in these joules without a study.

The data are lines `commit,joules`, oldest commit first and 15 or more of each. The counter counts a thousandth of
them: a reading here is over in a hundredth of a second, and no package draws a thousand watts.
"""

import argparse
import hashlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import msgspec
import yaml

from ergit.analysis.changes import changes_record
from ergit.analysis.readings import clean_readings
from ergit.analysis.runs import read_runs
from ergit.config.settings import ChangeSettings
from ergit.records.changes import ChangesRecord, read_changes
from ergit.records.commits import read_commits
from ergit.records.energy_table import EnergyRow, read_energy_table, write_energy_table
from ergit.records.readings import read_readings
from tests.fakes.studies import CONFIG, ROOT

DATA, FIRST = ROOT.parent / "shared/data/jsoup/sorted.csv", 900
"""What is replayed where nothing is named: 200 commits with lasting changes and with single commits that stand out."""
ROUNDS, REPEATS = 3, 5
READINGS = ROUNDS * REPEATS
MICROJOULES_PER_JOULE_GIVEN = 1000
LATER_SECONDS = 2.0
"""A kill comes up to so long after the finished job that it waits for."""
STUCK_SECONDS = 900.0

WORKLOAD = """\
#!/bin/bash
# One reading: moves the counter by the next joules of this commit. What a killed job took was not recorded, so it comes
# again.
set -eu
shopt -s nullglob
mapfile -t facts < "$STAND_IN/commits/$(< number)"  # the SHA, then the microjoules of each reading
recorded=("$ERGIT_STUDY/results/readings/${facts[0]}"/[0-9].json)
taken=0
if [[ -e taken ]]; then taken=$(< taken); fi  # of this job: its folder is unpacked anew
echo $((taken + 1)) > taken
count=$(< "$STAND_IN/count")
count=$((10#$count + facts[1 + REPEATS * ${#recorded[@]} + taken]))
printf '%012d\\n' "$count" 1<> "$STAND_IN/count"  # in place, as long as before: no read sees half of a number
"""

Given = dict[str, list[int]]
"""By commit, oldest first, the microjoules of its readings in the order in which they are to be taken."""


@dataclass
class Found:
    """What the kills did to the readings."""

    lost: set[str] = field(default_factory=set)  # finished records that are gone or changed
    doubled: set[str] = field(default_factory=set)  # readings that were taken again although they were there
    false: set[str] = field(default_factory=set)  # readings that are not there, failed, or counted other joules
    flagged: int = 0  # readings that the machine's load disqualified


def published(path: Path, first: int, commits: int) -> Given:
    """The first readings of so many consecutive commits, from the one with the number `first` on."""
    names, observations = read_runs(path)
    given: Given = {name: [] for name in names[first : first + commits]}
    for position, joules in zip(observations.commit.tolist(), observations.joules.tolist(), strict=True):
        if names[position] in given and len(given[names[position]]) < READINGS:
            given[names[position]].append(round(joules * MICROJOULES_PER_JOULE_GIVEN))
    short = [name for name, counts in given.items() if len(counts) < READINGS]
    if len(given) < commits or short:
        why = f"{short[0]} has fewer than {READINGS} readings" if short else f"it ends after {len(given)} of them"
        sys.exit(f"replay: {path} does not have {commits} commits from number {first} on: {why}.")
    return given


def made_history(path: Path, subjects: Sequence[str]) -> list[str]:
    """The SHAs of the commits of a new repository, oldest first: one a subject, its number in the file `number`."""
    lines = []
    for number, subject in enumerate(subjects):
        person = f"committer A <a@example.org> {1_700_000_000 + number} +0000"
        lines += ["commit refs/heads/main", person, f"data {len(subject)}", subject]
        lines += ["M 100644 inline number", f"data {len(str(number))}", str(number)]
    subprocess.run(["git", "init", "--quiet", "--initial-branch=main", str(path)], check=True)
    text = "\n".join([*lines, ""]).encode()
    subprocess.run(["git", "-C", str(path), "fast-import", "--quiet"], input=text, check=True)
    command = ["git", "-C", str(path), "rev-list", "--reverse", "main"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()


class ReplayedStudy:
    """A study whose counter replays the given joules, and what it has finished."""

    def __init__(self, folder: Path, published_joules: Given) -> None:
        self.folder = folder / "study"
        shas = made_history(folder / "project", [f"Replays {name}" for name in published_joules])
        self.given: Given = dict(zip(shas, published_joules.values(), strict=True))
        self.found = Found()
        self._finished: dict[Path, str] = {}
        stand_in = folder / "stand-in"
        (stand_in / "commits").mkdir(parents=True)
        for number, (sha, counts) in enumerate(self.given.items()):
            (stand_in / f"commits/{number}").write_text("\n".join([sha, *map(str, counts), ""]), encoding="utf-8")
        (stand_in / "workload").write_text(WORKLOAD.replace("REPEATS", str(REPEATS)), encoding="utf-8")
        (stand_in / "count").write_text(f"{0:012d}\n", encoding="utf-8")
        self.stand_in = stand_in
        config = CONFIG | {
            "commits": {},
            "build": {"commands": []},
            "workload": {
                "command": f"bash {stand_in}/workload",
                "environment": {"STAND_IN": str(stand_in)},
                "timeout_seconds": 60,
            },
            "measure": CONFIG["measure"]
            | {"source": "powercap", "powercap": f"{stand_in}/powercap"}
            | {"rounds": ROUNDS, "repeats": REPEATS, "warmup": 0, "loops": 1},
        }
        (self.folder / "config").mkdir(parents=True)
        (self.folder / "config/config.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")

    @contextmanager
    def counting(self) -> Iterator[None]:
        """Serves the counter until the end of the block."""
        tree = self.stand_in / "powercap"
        tree.mkdir()
        command = [sys.executable, "-m", "tests.fakes.given_counter_server", str(tree), str(self.stand_in / "count")]
        log = self.stand_in / "printed"
        with (
            log.open("wb") as printed,
            subprocess.Popen(command, cwd=ROOT, stdout=printed, stderr=printed, start_new_session=True) as server,
        ):
            try:
                while not (tree / "intel-rapl:0").exists():
                    if server.poll() is not None:
                        why = log.read_text(encoding="utf-8")[-500:]
                        sys.exit(f"replay: the stand-in cannot be served: needs libfuse 3 and /dev/fuse.\n{why}")
                    time.sleep(0.05)
                yield
            finally:
                server.terminate()

    def records(self) -> list[Path]:
        """The records of readings that are there, those set aside too."""
        return sorted((self.folder / "results/readings").glob("*/*.json"))

    def jobs_done(self) -> int:
        """How many builds and measuring jobs have left their record."""
        return len(self.records()) + len(list((self.folder / "results/build").glob("*.json")))

    def start(self) -> subprocess.Popen[bytes]:
        """Gives the command, the same one each time."""
        command = [sys.executable, "-P", "-m", "ergit.cli", "run", "--cores", "2"]
        environment = os.environ | {"PYTHONPATH": str(ROOT)}
        with (self.folder / "printed").open("ab") as log:
            return subprocess.Popen(
                command,
                cwd=self.folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def run(self, kill_after_jobs: int | None = None, later_seconds: float = 0.0) -> int:
        """The status with which the command ends; it is killed some seconds after so many jobs are done.

        It is also killed, and the benchmark ends, where nothing gets done for a quarter of an hour.
        """
        running = self.start()
        try:
            done, since = self.jobs_done(), time.monotonic()
            while running.poll() is None:
                if kill_after_jobs is not None and done >= kill_after_jobs:
                    with suppress(subprocess.TimeoutExpired):
                        running.wait(later_seconds)
                    break
                time.sleep(0.2)
                if (now := self.jobs_done()) != done:
                    done, since = now, time.monotonic()
                elif time.monotonic() - since > STUCK_SECONDS:
                    sys.exit(f"replay: nothing was done for {STUCK_SECONDS:g} s:\n{self.printed()}")
        finally:
            with suppress(ProcessLookupError):
                os.killpg(running.pid, signal.SIGKILL)
            status = running.wait()
        self._look()
        return status

    def printed(self) -> str:
        """The end of what the command has printed."""
        return (self.folder / "printed").read_text(encoding="utf-8", errors="replace")[-3000:]

    def _look(self) -> None:
        """Notes the finished records that are gone, changed or doubled."""
        now = {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in self.records()}
        self.found.lost |= {str(path) for path, content in self._finished.items() if now.get(path) != content}
        self.found.doubled |= {str(path) for path in now if "superseded" in path.name}
        self._finished |= now

    def judge(self) -> None:
        """Notes the readings that are not what was given."""
        for sha, counts in self.given.items():
            for round_ in range(1, ROUNDS + 1):
                path = self.folder / f"results/readings/{sha}/{round_}.json"
                name = f"commit {sha[:10]}, round {round_}"
                if not path.exists():
                    self.found.false.add(f"{name}: no record")
                    continue
                record = read_readings(path)
                taken = [
                    round(reading.joules.get("package", 0.0) * 1e6) if reading.status == "ok" else reading.reason
                    for reading in record.readings
                ]
                expected = counts[(round_ - 1) * REPEATS : round_ * REPEATS]
                if taken != expected:
                    self.found.false.add(f"{name}: {taken} instead of {expected} µJ")

    def decided_directly(self) -> ChangesRecord:
        """What the statistics say of the given joules: a table of them, which no study has touched.

        Readings that the machine's load disqualified are no part of either.
        """
        history = read_commits(self.folder / "results/commits.tsv")
        assert [row.commit for row in history] == list(self.given)
        table = read_energy_table(self.folder / "results/energy.csv")
        unclean = {(row.commit, row.round, row.repeat) for row in table[~table["clean"]].itertuples()}
        self.found.flagged = int((~table["clean"] & (table["status"] == "ok")).sum())
        rows = [
            EnergyRow(
                commit=row.commit,
                order=row.order,
                date=row.date,
                subject=row.subject,
                round=index // REPEATS + 1,
                repeat=index % REPEATS + 1,
                attempt=1,
                status="ok",
                clean=(row.commit, index // REPEATS + 1, index % REPEATS + 1) not in unclean,
                kind="measured",
                energy_package_joules=microjoules / 1e6,
                host="given",
                session="given",
            )
            for row in history
            for index, microjoules in enumerate(self.given[row.commit])
        ]
        path = self.folder.parent / "given.csv"
        write_energy_table(path, rows)
        return changes_record(clean_readings(read_energy_table(path), history), history, ChangeSettings())


def what_was_decided(record: ChangesRecord) -> list[msgspec.Struct]:
    """The changes, and the numbers of each commit; without what follows from seconds, which the data do not have."""
    changes = [msgspec.structs.replace(each, duration_change=None, power_change=None) for each in record.changes]
    return [*changes, *record.commits]


def main() -> int:
    """The table, then what is wrong; the status is that there is something."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.replay", description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, help="lines `commit,joules`, oldest commit first")
    parser.add_argument("--first", type=int, help="the number of the first commit that is replayed, from 0 on")
    parser.add_argument("--commits", type=int, default=200)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    data, first = (options.data, 0) if options.data else (DATA, FIRST)
    if not data.is_file():
        sys.exit("replay: needs published readings, lines `commit,joules` with the oldest commit first: --data FILE")
    first = first if options.first is None else options.first
    random = Random(options.seed)
    jobs = options.commits * (1 + ROUNDS)
    moments = sorted(random.sample(range(jobs), options.kills))
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="ergit-replay-") as name:
        study = ReplayedStudy(Path(name), published(data, first, options.commits))
        kills = 0
        with study.counting():
            for moment in moments:
                kills += study.run(moment, random.uniform(0, LATER_SECONDS)) == -signal.SIGKILL
                print(f"killed with {study.jobs_done()} of {jobs} jobs done", file=sys.stderr, flush=True)
            if study.run() != 0:
                sys.exit(f"replay: the last command failed:\n{study.printed()}")
        study.judge()
        direct = study.decided_directly()
        decided = read_changes(study.folder / "results/changes.json")
    equal = what_was_decided(decided) == what_was_decided(direct)
    found = study.found
    print("| commits | readings | kills | lost | doubled | false | flagged | changes | directly | equal | seconds |")
    print("|--:|--:|--:|--:|--:|--:|--:|--:|--:|---|--:|")
    print(
        f"| {len(study.given)} | {decided.study.readings + found.flagged} | {kills} | {len(found.lost)}"
        f" | {len(found.doubled)} | {len(found.false)} | {found.flagged} | {len(decided.changes)}"
        f" | {len(direct.changes)} | {'yes' if equal else 'no'} | {time.monotonic() - began:.0f} |"
    )
    problems = sorted(found.lost | found.doubled | found.false)
    for problem in problems:
        print(problem, file=sys.stderr)
    return 0 if equal and kills == options.kills and not problems else 1


if __name__ == "__main__":
    sys.exit(main())
