"""The powercap source on counters that run: served by a file system, driven by real CPU time, read while commands run.

What is proven is the whole path from the kernel's `pread` to joules, against the CPU time of a child to the nanosecond
and with the kernel's own error numbers. What isn't is that a processor's counter is right.
"""

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from ergit.energy.powercap import PowercapSource
from ergit.energy.source import Energy
from tests.fakes.live_counter import BASE_WATTS, RANGE_UJ, WATTS_PER_CORE, cpu_seconds
from tests.fakes.needs import needs_fuse
from tests.fakes.repositories import Repository
from tests.fakes.studies import CONFIG, configure, snakemake, table

pytestmark = needs_fuse
TICK_SECONDS = 1 / os.sysconf("SC_CLK_TCK")
ROOT = Path(__file__).parents[2]
BURN = "import sys,time\nsys.stdin.read(1)\nwhile time.process_time() < {seconds}: pass"
SLEEP = "import sys,time\nsys.stdin.read(1)\ntime.sleep({seconds})"


@dataclass(frozen=True)
class LiveTree:
    """A mounted tree and the file that steers its counters."""

    root: Path
    control: Path

    def steer(self, pid: int = 0, offset_uj: int = 0, error: int = 0) -> None:
        """Sets what drives the first package, in one step."""
        new = self.control.with_suffix(".new")
        new.write_text(json.dumps({"pid": pid, "offset_uj": offset_uj, "error": error}))
        new.replace(self.control)

    def count_from(self, count_uj: int, pid: int) -> None:
        """Sets the first package's counter to a count from which it goes on."""
        self.steer(pid)
        now = int((self.root / "intel-rapl:0" / "energy_uj").read_text())
        self.steer(pid, offset_uj=count_uj - now)


@pytest.fixture(scope="module")
def mounted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveTree]:
    """A tree that is served by a process of its own until the tests of this file are done."""
    unmount = shutil.which("fusermount3") or shutil.which("fusermount")
    assert unmount is not None
    root = tmp_path_factory.mktemp("powercap")
    live = LiveTree(root, tmp_path_factory.mktemp("control") / "control.json")
    live.steer()
    command = [sys.executable, "-m", "tests.fakes.live_counter_server", str(root), str(live.control)]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE) as server:
        deadline = time.monotonic() + 60.0
        while not root.is_mount():
            if server.poll() is not None or time.monotonic() > deadline:
                server.kill()
                _, printed = server.communicate()
                pytest.skip(f"FUSE does not mount here: {printed.decode(errors='replace').strip()[-200:]}")
            time.sleep(0.02)
        try:
            yield live
        finally:
            subprocess.run([unmount, "-u", str(root)], check=True)
            server.wait(60.0)


@pytest.fixture
def tree(mounted: LiveTree) -> LiveTree:
    """The tree, driven by the whole machine until a test steers it."""
    mounted.steer()
    return mounted


@dataclass(frozen=True)
class Child:
    """A command that waits for a byte before it does anything."""

    process: subprocess.Popen[bytes]

    def run(self) -> None:
        """Lets it go and waits for its end without taking its CPU clock away."""
        assert self.process.stdin is not None
        self.process.stdin.write(b"x")
        self.process.stdin.flush()
        os.waitid(os.P_PID, self.process.pid, os.WEXITED | os.WNOWAIT)


@pytest.fixture
def children() -> Iterator[list[subprocess.Popen[bytes]]]:
    """Commands that are gone when the test is."""
    started: list[subprocess.Popen[bytes]] = []
    yield started
    for process in started:
        process.send_signal(signal.SIGKILL)
        process.communicate()


def waiting_child(children: list[subprocess.Popen[bytes]], program: str) -> Child:
    process = subprocess.Popen([sys.executable, "-S", "-c", program], stdin=subprocess.PIPE)
    children.append(process)
    time.sleep(0.1)  # its interpreter has started, and waits
    return Child(process)


def counted(pid: int) -> float:
    """The joules that both packages together have counted, on the CPU time of a process; 0: of the whole machine."""
    return 2 * BASE_WATTS * time.monotonic() + WATTS_PER_CORE * cpu_seconds(pid)


def measured(source: PowercapSource, pid: int, work: Callable[[], None]) -> Energy:
    """The energy of a window around work, which is what was counted to what the edges leave open."""
    earliest = counted(pid)
    source.start()
    first = counted(pid)
    work()
    last = counted(pid)
    source.stop()
    latest = counted(pid)
    energy = source.energy(0.0)
    assert energy.problem is None
    assert last - first - 1e-5 <= energy.joules["package"] <= latest - earliest + 1e-5
    return energy


@pytest.mark.parametrize("program", [BURN.format(seconds=0.8), SLEEP.format(seconds=0.8)])
def test_measured_is_what_the_childs_real_cpu_time_says_to_what_the_edges_leave_open(tree, children, program):
    child = waiting_child(children, program)
    tree.steer(pid=child.process.pid)
    with PowercapSource(tree.root) as source:
        measured(source, child.process.pid, child.run)


def test_a_busy_child_is_above_a_sleeping_one(tree, children):
    above = []  # what there is beside the base, by the counters' own seconds
    with PowercapSource(tree.root) as source:
        for program in (SLEEP, BURN):
            child = waiting_child(children, program.format(seconds=0.4))
            tree.steer(pid=child.process.pid)
            energy = measured(source, child.process.pid, child.run)
            assert energy.seconds is not None
            above.append(energy.joules["package"] - 2 * BASE_WATTS * energy.seconds)
    sleeping, busy = above
    assert busy > sleeping + 0.8 * WATTS_PER_CORE * 0.4


def test_the_machines_real_cpu_time_is_measured_to_what_the_edges_leave_open(tree):
    def work() -> None:
        subprocess.run(["timeout", "0.5", "sh", "-c", "while :; do :; done"], check=False)

    with PowercapSource(tree.root) as source:
        measured(source, 0, work)


def test_a_wrap_while_the_child_runs_is_undone(tree, children):
    child = waiting_child(children, BURN.format(seconds=0.5))
    tree.count_from(RANGE_UJ - 5_000_000, child.process.pid)
    with PowercapSource(tree.root, sample_seconds=0.1) as source:
        energy = measured(source, child.process.pid, child.run)
    counter = energy.counters[0]
    assert counter.after < counter.before
    assert len(counter.samples) >= 3


def test_a_reset_while_the_child_runs_is_refused(tree, children):
    child = waiting_child(children, SLEEP.format(seconds=0.2))
    tree.count_from(100_000_000_000, child.process.pid)
    with PowercapSource(tree.root) as source:
        source.start()
        tree.count_from(0, child.process.pid)
        child.run()
        source.stop()
        energy = source.energy(0.0)
    assert energy.joules == {}
    assert "reset" in str(energy.problem)


@pytest.mark.parametrize("code", [errno.EACCES, errno.EINVAL, errno.ENODATA, errno.ENODEV, errno.EIO])
def test_a_counter_that_begins_to_fail_while_the_child_runs_gives_no_energy(tree, children, code):
    child = waiting_child(children, SLEEP.format(seconds=0.05))
    tree.steer(pid=child.process.pid)
    with PowercapSource(tree.root) as source:
        source.start()
        tree.steer(pid=child.process.pid, error=code)
        child.run()
        source.stop()
        energy = source.energy(0.0)
    assert energy.joules == {}
    assert errno.errorcode[code] in str(energy.problem)
    assert energy.counters[0].after is None


def test_a_counter_that_fails_for_one_sample_gives_no_energy(tree):
    with PowercapSource(tree.root) as source:
        source.start()
        tree.steer(error=errno.EINVAL)
        source.sample()
        tree.steer()
        source.stop()
        energy = source.energy(0.0)
    assert energy.joules == {}
    assert "EINVAL" in str(energy.problem)


def test_an_idle_sample_counts_what_the_machine_draws_without_a_command(tree, children):
    idle = waiting_child(children, SLEEP.format(seconds=60))
    tree.steer(pid=idle.process.pid)
    with PowercapSource(tree.root) as source:
        measured(source, idle.process.pid, lambda: time.sleep(0.3))


def test_the_whole_workflow_measures_with_a_live_counter(tree: LiveTree, tmp_path: Path) -> None:
    tree.steer()
    project = Repository(tmp_path / "project")
    project.path.mkdir()
    project.git("init", "--quiet", "--initial-branch=main")
    for subject, seconds in (("Sleeps", 0), ("Works", 0.4)):
        work = f"timeout {seconds} sh -c 'while :; do :; done'; " if seconds else ""
        project.commit(subject, work=f"{work}sleep {0.4 - seconds}\n")
    counter = {"source": "powercap", "powercap": str(tree.root), "idle_seconds": 0.2, "rounds": 2}
    settings = CONFIG["measure"] | counter
    configure(tmp_path / "work", commits={}, build={"commands": []}, workload={"command": "sh work"}, measure=settings)
    done = snakemake(tmp_path / "work")
    assert done.returncode == 0, done.stdout + done.stderr
    rows = table(tmp_path / "work")
    assert {(row["status"], row["kind"], row["source"]) for row in rows} == {("ok", "measured", "powercap")}
    for row in rows:
        joules, duration = float(row["energy_package_joules"]), float(row["duration_seconds"])
        seconds = joules / float(row["power_watts"])  # the counters' own
        assert duration - 0.01 <= seconds <= duration + 20.0  # a busy machine may come late to an edge
        least = 2 * BASE_WATTS * seconds + WATTS_PER_CORE * float(row["cpu_seconds"])
        most = 2 * BASE_WATTS * seconds + WATTS_PER_CORE * seconds * (os.cpu_count() or 1)
        # /proc/stat, which drives the counter, counts in ticks: two of each processor at each edge, on a busy machine
        slack = 0.5 + 2 * 2 * TICK_SECONDS * WATTS_PER_CORE * (os.cpu_count() or 1)
        assert least - slack <= joules <= most + slack
        assert float(row["energy_net_joules"]) < joules
    record = json.loads(next((tmp_path / "work/results/readings").glob("*/1.json")).read_text())
    assert record["source"]["domains"] == ["package"]
    assert str(tree.root) in record["source"]["reason"]
    assert {counter["name"] for counter in record["readings"][0]["counters"]} == {"package-0", "package-1"}
