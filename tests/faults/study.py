"""A running study that is harmed at random moments, and what is to be found of it afterwards."""

import hashlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import NamedTuple

from ergit.errors import ErgitError
from ergit.processes import trees
from ergit.records.build import read_build
from ergit.records.readings import read_readings
from tests.fakes.repositories import Repository, new_repository
from tests.fakes.studies import ROOT, configure, table

MARK = "FAULTS_STUDY"
"""A variable by which the processes of a study are known, whoever their parents are."""
SHOW_STACKS = "import faulthandler; faulthandler.register(10, all_threads=True)"  # at SIGUSR1
ROUNDS = 6
START_SECONDS = 180.0
END_SECONDS = 120.0
ORPHAN_SECONDS = 60.0

BUILD = "#!/bin/bash\nsleep 0.1\nhead -c 4000000 /dev/urandom > made\n"
WORKLOAD = "#!/bin/bash\nsleep 0.15\ntest -s made\n"


@dataclass
class Found:
    """What was seen after one fault, and what is wrong with it: nothing, as a rule."""

    lost: list[str] = field(default_factory=list)  # finished readings and builds that are gone or changed
    torn: list[str] = field(default_factory=list)  # files that are not whole
    doubled: list[str] = field(default_factory=list)  # readings that were taken again although they were there
    false: list[str] = field(default_factory=list)  # failures that are none of the commit's
    orphans: list[str] = field(default_factory=list)  # processes that are left

    @property
    def is_well(self) -> bool:
        """Whether nothing is wrong."""
        return not (self.lost or self.torn or self.doubled or self.false or self.orphans)


class Project(NamedTuple):
    """What is studied: its scripts, how many commits it has, and how many of them come into the study at once."""

    build: str = BUILD
    workload: str = WORKLOAD
    commits: int = 60
    commits_at_once: int = 3


PROJECT = Project()


class RunningStudy:
    """A study in a folder of its own, the command that runs it, and what it has finished."""

    def __init__(self, folder: Path, seed: int, rounds: int, project: Project) -> None:
        self.folder = folder / "study"
        self.rounds = rounds
        self.random = Random(seed)
        self.commits_at_once = project.commits_at_once
        self.repository = _repository(folder / "project", project)
        self.commits = 0
        self.finished: dict[Path, str] = {}
        self.hit: set[tuple[str, ...]] = set()  # jobs that a fault has met once: a second time is a failure of theirs
        self.known: set[str] = set()  # problems that were found before
        self.process: subprocess.Popen[str] | None = None
        self.grow()

    def grow(self) -> None:
        """Adds commits to the study."""
        self.commits += self.commits_at_once
        chosen = self.repository.git("rev-list", "--reverse", "main").splitlines()[: self.commits]
        configure(
            self.folder,
            commits=chosen,
            build={"commands": ["./build"]},
            workload={"command": "./work", "timeout_seconds": 60},
            measure__rounds=self.rounds,
            measure__repeats=1,
            measure__warmup=0,
        )

    @property
    def command(self) -> list[str]:
        """The command that runs the study, and goes on after every fault."""
        code = f"import sys; sys.path.insert(0, {str(ROOT)!r}); {SHOW_STACKS}; from ergit.cli import main; main()"
        return [sys.executable, "-P", "-c", code, "run", "--cores", "2", "results/energy.csv"]

    @property
    def environment(self) -> dict[str, str]:
        """Its environment, by which all its processes are known."""
        return {**os.environ, MARK: str(self.folder)}

    def start(self) -> subprocess.Popen[str]:
        """Gives the command."""
        log = (self.folder / "printed").open("a", encoding="utf-8")
        with log:
            self.process = subprocess.Popen(
                self.command,
                cwd=self.folder,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                text=True,
                start_new_session=True,
            )
        return self.process

    def printed(self) -> str:
        """The end of what the command has printed."""
        return (self.folder / "printed").read_text(encoding="utf-8", errors="replace")[-3000:]

    def has_ended(self) -> bool:
        """Whether the command is not running."""
        return self.process is None or self.process.poll() is not None

    def end(self, seconds: float = END_SECONDS) -> str | None:
        """Waits for the end of the command; if it hangs, says where and kills it."""
        assert self.process is not None
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.send_signal(signal.SIGUSR1)
            time.sleep(1)
            self.signal_all(signal.SIGKILL)
            self.process.wait()
            return f"the command did not end within {seconds:g} s:\n{self.printed()}"
        return None

    def signal_all(self, number: int) -> None:
        """Signals the command and all in its group, as a terminal does."""
        assert self.process is not None
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, number)

    def processes(self) -> dict[int, str]:
        """The command lines of the processes of this study, zombies left out."""
        wanted = f"{MARK}={self.folder}".encode()
        found = {}
        for path in Path("/proc").iterdir():
            if not path.name.isdigit():
                continue
            with suppress(OSError):
                words = " ".join(words_of(int(path.name))).strip()
                if words and wanted in (path / "environ").read_bytes().split(b"\0"):
                    found[int(path.name)] = words
        return found

    def job(self, module: str, *, begun: bool = True) -> tuple[int, tuple[str, ...]] | None:
        """A process of the program of that module and its commit and round; none that a fault has met before."""
        if self.has_ended() or self.process is None:
            return None
        for pid in trees.with_descendants([self.process.pid])[1:]:
            parts = words_of(pid)
            if module not in parts or "-m" not in parts:
                continue
            job = (module, *(parts[parts.index(name) + 1] for name in ("--commit", "--round") if name in parts))
            if begun and job not in self.hit:
                return pid, job
        return None

    def look(self) -> Found:
        """What is wrong with what the study has left, beside what it had before."""
        found = Found(orphans=sorted(self._orphans()))
        now: dict[Path, str] = {}
        results = self.folder / "results"
        for path in sorted([*results.glob("readings/*/*.json"), *results.glob("build/*.json")]):
            name = str(path.relative_to(results))
            if "superseded" in path.name:
                found.doubled.append(name)
                continue
            try:
                self._judge(path, name, found)
            except ErgitError as error:
                found.torn.append(f"{name}: {error}")
            now[path] = hashlib.sha256(path.read_bytes()).hexdigest()
        for path in results.glob("build/*.tar.gz"):
            if path.with_name(path.name.replace(".tar.gz", ".json")) in now and not _is_whole(path):
                found.torn.append(str(path.relative_to(results)))
        for path, content in self.finished.items():
            if now.get(path) != content:
                found.lost.append(str(path.relative_to(results)))
        self.finished |= now
        for told in (found.doubled, found.torn, found.false):
            told[:] = [problem for problem in told if problem not in self.known]
            self.known |= set(told)
        return found

    def complete(self, seconds: float = 600.0) -> Found:
        """Gives the command once more, without a fault, and looks whether the study is whole then."""
        self.start()
        hang = self.end(seconds)
        found = self.look()
        assert self.process is not None
        if hang or self.process.returncode != 0:
            found.false.append(hang or f"the last command ended with status {self.process.returncode}: see printed")
            return found
        rows = [(row["commit"], row["round"], row["repeat"]) for row in table(self.folder)]
        expected = self.commits * self.rounds
        if len(rows) != expected or len(set(rows)) != expected:
            found.false.append(f"energy.csv has {len(rows)} rows of {len(set(rows))} readings, not {expected}")
        return found

    def _judge(self, path: Path, name: str, found: Found) -> None:
        if path.parent.name == "build":
            record = read_build(path)
            if record.status != "ok":
                found.false.append(f"{name}: {record.reason}")
            return
        readings = read_readings(path)
        if len(readings.readings) != 1:
            found.false.append(f"{name}: {readings.reason or len(readings.readings)}")
            return
        is_hit = ("workload", readings.commit, str(readings.round)) in self.hit
        reading = readings.readings[0]
        if reading.status != "ok" and not (is_hit and "killed by SIGKILL" in str(reading.reason)):
            found.false.append(f"{name}: {reading.reason}")

    def _orphans(self) -> Iterator[str]:
        """What still runs some time after the command has ended."""
        if not self.has_ended():
            return
        deadline = time.monotonic() + ORPHAN_SECONDS
        while (left := self.processes()) and time.monotonic() < deadline:
            time.sleep(0.05)
        yield from left.values()


@contextmanager
def running_study(folder: Path, seed: int, rounds: int = ROUNDS, project: Project = PROJECT) -> Iterator[RunningStudy]:
    """A study whose processes are gone at the end of the block."""
    study = RunningStudy(folder, seed, rounds, project)
    try:
        yield study
    finally:
        if not study.has_ended():
            study.signal_all(signal.SIGKILL)
        for pid in study.processes():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def words_of(pid: int) -> list[str]:
    """The words that started a process; none where it is gone."""
    with suppress(OSError):
        return [os.fsdecode(word) for word in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")]
    return []


def wait_for(condition: Callable[[], object], seconds: float = START_SECONDS) -> bool:
    """Whether the condition came to hold in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def _repository(path: Path, project: Project) -> Repository:
    repository = new_repository(path)
    for name, text in (("build", project.build), ("work", project.workload)):
        (path / name).write_text(text)
        (path / name).chmod(0o755)
    for number in range(project.commits):
        repository.commit(f"Step {number}", note=str(number))
    return repository


def _is_whole(artifact: Path) -> bool:
    return subprocess.run(["gzip", "--test", "--", artifact], capture_output=True, check=False).returncode == 0
