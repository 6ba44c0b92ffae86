"""A hostile repository: what its commits reach without a sandbox and in one is what docs/sandbox.md says."""

import os
import re
import shutil
import socket
import subprocess
import sys
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ergit.machine.lock import lock_path
from tests.fakes.hostile import ATTACK
from tests.fakes.needs import needs_bubblewrap
from tests.fakes.repositories import new_repository
from tests.fakes.studies import PROGRAM, ROOT, configure

SECRET, TOKEN = "BEGIN TEST KEY", "token-of-a-test"
SECONDS = f"86{os.getpid()}"
VICTIM, DAEMON = f"{SECONDS}.1", f"{SECONDS}.2"
PLANTED = Path(f"/tmp/ergit-planted-{os.getpid()}")

NAMES = {
    "reads the keys in your home": "keys",
    "reads them through a link that the build has left in its tree": "linked keys",
    "reads a token in your environment": "token",
    "asks your SSH agent": "agent",
    "reaches the sockets of services (Docker, D-Bus)": "sockets",
    "plants a command in your `.bashrc`": "home",
    "changes readings of other commits": "readings",
    "changes what was built of other commits": "builds",
    "changes the mirror": "mirror",
    "looks at the trees of other commits": "trees",
    "changes ergit's own files": "program",
    "ends other programs of yours": "kills",
    "ends the program that measures it": "signal",
    "reads the memory of the program that measures it": "memory",
    "plants files in /tmp": "temporary",
    "holds the lock under which one study measures": "lock",
    "changes settings of the kernel": "kernel",
    "gains rights by a set-user-ID program": "privileges",
    "reaches the network while it is built": "network of builds",
    "reaches the network while it is measured": "network",
    "writes a report of its own about its run": "report",
    "leaves a program running": "daemon",
    "has its variables set for what runs next": "variables",
    "has a hook run by ergit's Git": "hook",
    "gets what a link points to into what is kept": "kept link",
}
"""The rows of the table in docs/sandbox.md, and how this test calls them."""


@dataclass(frozen=True)
class Attacked:
    """What is to be found after the study of a hostile repository."""

    study: Path
    home: Path
    program: Path
    victim: subprocess.Popen[bytes]
    agent: socket.socket
    commits: tuple[str, str]

    def printed(self) -> str:
        """What the hostile commit printed as the workload."""
        logs = (self.study / f"results/readings/{self.commits[1]}").glob("*.output.log")
        return "".join(path.read_text(encoding="utf-8", errors="replace") for path in logs)

    def built(self) -> str:
        """What it printed as the build."""
        return (self.study / f"results/build/{self.commits[1]}.output.log").read_text(encoding="utf-8")

    def reached(self) -> dict[str, bool]:
        """Whether each attack reached its aim."""
        printed, results = self.printed(), self.study / "results"
        other = results / f"readings/{self.commits[0]}/1.json"
        with tarfile.open(results / f"build/{self.commits[1]}.tar.gz") as kept:
            links = {member.name: member.issym() for member in kept if member.name.endswith(("/keys", "/results"))}
        return {
            "keys": f"\n{SECRET}" in printed,
            "linked keys": f"through a link: {SECRET}" in printed,
            "token": TOKEN in printed,
            "agent": is_called(self.agent),
            "sockets": bool(re.search("^sockets: .", printed, re.MULTILINE)),
            "home": "planted" in (self.home / ".bashrc").read_text(),
            "readings": other.read_text().endswith("\n\n"),
            "builds": (results / "build/planted").exists(),
            "mirror": (results / "mirror.git/planted").exists(),
            "trees": self.commits[0] in printed,
            "program": (self.program / "ergit/planted").exists(),
            "kills": self.victim.poll() is not None,
            "signal": "signal: reaches" in printed,
            "memory": "memory: of" in printed,
            "temporary": PLANTED.exists(),
            "lock": "lock: may be taken" in printed,
            "kernel": "kernel: may be set" in printed,
            "privileges": not re.search("^privileges: .*1$", printed, re.MULTILINE),
            "network of builds": "network: from the build" in self.built(),
            "network": "network: from the workload" in printed,
            "report": "report: on descriptor" in printed,
            "daemon": is_running(DAEMON),
            "variables": bool(re.search("^variables: .", printed, re.MULTILINE)),
            "hook": (self.study / "hooked").exists(),
            "kept link": not all(links.values()) or len(links) != 2,
        }


def is_called(listener: socket.socket) -> bool:
    """Whether somebody has connected to it."""
    try:
        listener.accept()[0].close()
    except BlockingIOError:
        return False
    return True


def is_running(seconds: str) -> bool:
    """Whether a `sleep` of so many seconds runs."""
    wanted = f"sleep\0{seconds}\0".encode()
    return any(content(path) == wanted for path in Path("/proc").glob("[0-9]*/cmdline"))


def content(path: Path) -> bytes:
    """The content of a file that may go any time."""
    try:
        return path.read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""


@contextmanager
def listening(listener: socket.socket, address: object) -> Iterator[socket.socket]:
    """A socket at an address that takes calls."""
    with listener:
        listener.bind(address)  # type: ignore[arg-type]
        listener.listen(50)
        listener.setblocking(False)
        yield listener


@contextmanager
def attacked(folder: Path, *, enabled: bool) -> Iterator[Attacked]:
    """A finished study of two commits, one of them hostile, run by a copy of ergit in a home made for it."""
    program, home, study = folder / "ergit", folder / "home", folder / "study"
    for name in PROGRAM:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        (program / name).parent.mkdir(parents=True, exist_ok=True)
        copy(ROOT / name, program / name)
    (home / ".ssh").mkdir(parents=True)
    (home / ".ssh/id_test").write_text(f"\n{SECRET}\n")
    (home / ".bashrc").write_text("")
    agent = socket.socket(socket.AF_UNIX)
    server = socket.socket(socket.AF_INET)
    with listening(agent, str(folder / "agent")), listening(server, ("127.0.0.1", 0)):
        targets = {"victim": VICTIM, "daemon": DAEMON, "planted": PLANTED.name, "lock": lock_path()}
        targets["port"] = server.getsockname()[1]
        repository = new_repository(folder / "project")
        plain = {"build": "#!/bin/bash\ntrue\n", "attack": "#!/bin/bash\ntrue\n"}
        commits = [repository.commit("Start", **plain)]
        for name in plain:
            (repository.path / name).chmod(0o755)
        repository.git("tag", "first")
        commits[0] = repository.commit("Harmless")
        lines = "".join(f"{name}={value}\n" for name, value in targets.items())
        commits.append(repository.commit("Hostile", attack=ATTACK, targets=lines))
        configure(
            study,
            build={"commands": ["./attack build"]},
            workload={"command": "./attack workload", "timeout_seconds": 20},
            measure__repeats=1,
            measure__warmup=0,
            sandbox={"enabled": enabled},
        )
        victim = subprocess.Popen(["sleep", VICTIM])
        try:
            command = [sys.executable, "-m", "snakemake", "results/energy.csv", "--cores", "2"]
            command += ["--snakefile", str(program / "Snakefile")]
            variables = {
                "PYTHONPATH": str(program),
                "HOME": str(home),
                "DEPLOY_TOKEN": TOKEN,
                "SSH_AUTH_SOCK": str(folder / "agent"),
            }
            done = subprocess.run(
                command, cwd=study, env=os.environ | variables, capture_output=True, text=True, timeout=300, check=False
            )
            assert done.returncode == 0, done.stderr
            yield Attacked(study, home, program, victim, agent, (commits[0], commits[1]))
        finally:
            victim.kill()
            victim.wait()
            PLANTED.unlink(missing_ok=True)


def table() -> Iterator[tuple[str, str, str]]:
    """The rows of the table in docs/sandbox.md whose attacks are tried here."""
    text = (ROOT / "docs/sandbox.md").read_text(encoding="utf-8")
    for attack, without, within in re.findall(r"^\| (.+?) +\| (\S.*?) +\| (\S.*?) +\|$", text, re.MULTILINE):
        if attack in NAMES:
            yield attack, without, within


def documented(cell: Callable[[tuple[str, str, str]], str]) -> dict[str, bool]:
    """What the table says of each attack: it begins with yes, no, or what it takes."""
    reached = ("yes", "only as root") if os.geteuid() == 0 else ("yes",)
    return {NAMES[row[0]]: cell(row).startswith(reached) for row in table()}


def test_the_table_has_each_attack_once() -> None:
    assert [attack for attack, *_ in table()] == list(NAMES)


def test_without_a_sandbox_a_hostile_commit_reaches_what_the_table_says(tmp_path: Path) -> None:
    with attacked(tmp_path, enabled=False) as found:
        assert found.reached() == documented(lambda row: row[1])


@needs_bubblewrap
def test_in_the_sandbox_a_hostile_commit_reaches_what_the_table_says(tmp_path: Path) -> None:
    with attacked(tmp_path, enabled=True) as found:
        assert found.reached() == documented(lambda row: row[2])
