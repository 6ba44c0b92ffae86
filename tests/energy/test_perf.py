"""`perf stat`: a stand-in that fails on demand for energy events, and the real program on software events.

The real perf proves the protocol, the JSON and the arithmetic on `task-clock`, which counts milliseconds on every CPU.
Energy events are only spoken by the stand-in, since no machine with them was there: its lines have the form that the
real perf gives other events.
"""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from ergit.energy.perf import PerfSource, amount, energy_events, packages_added_up, parse
from ergit.energy.source import Energy, NoRightError, UnavailableError
from ergit.processes import trees
from ergit.records.readings import Counter
from tests.fakes.another_user import another_user
from tests.fakes.counter_trees import power_pmu
from tests.fakes.needs import needs_perf, needs_root, needs_strict_kernel
from tests.fakes.timed_window import timed_window
from tests.fakes.waiting import wait_for

ROOT = Path(__file__).parents[2]
PACKAGE = {"power/energy-pkg/": "package"}


def line(
    value: str,
    event: str = "power/energy-pkg/",
    unit: str = "Joules",
    running: str = "100.00",
    runtime: int | str = "RUNTIME",
) -> str:
    """One line as `perf stat -j` writes it; the stand-in puts the time between its two orders for RUNTIME."""
    return (
        f'{{"counter-value" : "{value}", "unit" : "{unit}", "event" : "{event}", "event-runtime" : {runtime}, '
        f'"pcnt-running" : {running}, "metric-value" : 0.000000, "metric-unit" : "(null)"}}\n'
    )


Acts = Callable[..., None]


@pytest.fixture
def perf_acts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Acts:
    """Puts the stand-in on PATH and tells it what to do, each time that it is started."""
    folder = tmp_path / "bin"
    folder.mkdir()
    program = folder / "perf"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -S {folder / "stand_in.py"} "$@"\n')
    program.chmod(0o755)
    shutil.copy(ROOT / "tests/fakes/perf_stand_in.py", folder / "stand_in.py")
    monkeypatch.setenv("PATH", str(folder), prepend=os.pathsep)

    def tell(*acts: dict[str, str]) -> None:
        (folder / "acts.json").write_text(json.dumps(acts))
        (folder / "starts").write_text("0")

    return tell


GOOD = {"output": "# started on Tue Nov 24 05:43:35 2026\n\n" + line("0.100000")}


def second_window(source: PerfSource) -> Energy:
    """The window after the trial, which is the stand-in's second act."""
    source.start()
    source.stop()
    return source.energy(0.0)


def test_the_value_the_unit_and_the_share_are_read():
    output = line("12.345678", runtime=5) + line("1.000000", "power/energy-ram/", runtime=5)
    counts = parse("# started on Tue\n\n" + output)
    assert [(count.event, amount(count, "Joules")) for count in counts.values()] == [
        ("power/energy-pkg/", 12.345678),
        ("power/energy-ram/", 1.0),
    ]


@pytest.mark.parametrize(
    ("output", "message"),
    [
        ("", "no counts"),
        ("# started on Tue\n\n", "no counts"),
        (line("12,345678", running="100,00"), "decimal comma"),
        (line("1.0")[:40] + "\n", "no JSON"),
        ('"text"\n', "without event"),
        (line("1.0", runtime='"1_000"'), "without event"),
        ('{"event" : "power/energy-pkg/"}\n', "without event"),
        (line("1.0", runtime=5) * 2, "twice"),
    ],
)
def test_output_that_is_no_list_of_counts_is_refused(output, message):
    with pytest.raises(ValueError, match=message):
        parse(output)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (line("<not supported>"), "<not supported>"),
        (line("<not counted>"), "<not counted>"),
        (line("12,34"), "'12,34'"),
        (line("nan"), "nan"),
        (line(""), "''"),
        (line("1e3"), "1e3"),
        (line("1.0", unit="msec"), "'msec' and not Joules"),
        (line("1.0", running="50.00"), "50% of the time"),
    ],
)
def test_a_count_that_is_no_whole_amount_of_joules_is_refused(text, message):
    (count,) = parse(text.replace("RUNTIME", "5")).values()
    with pytest.raises(ValueError, match=message):
        amount(count, "Joules")


def test_the_events_are_those_that_the_kernel_lists(tmp_path):
    power = power_pmu(tmp_path, events={"energy-pkg": "event=0x02", "energy-gpu": "event=0x04"})
    assert energy_events(power, tmp_path) == {"power/energy-pkg/": "package", "power/energy-gpu/": "uncore"}


def test_a_window_gives_what_perf_counted_in_it(perf_acts):
    events = {**PACKAGE, "power/energy-ram/": "dram"}
    perf_acts(
        {"output": line("0.1") + line("0.1", "power/energy-ram/")},
        {"output": line("5.250000") + line("1.500000", "power/energy-ram/")},
    )
    with PerfSource(events) as source:
        energy = second_window(source)
    assert energy.problem is None
    assert energy.joules == {"package": 5.25, "dram": 1.5}
    assert energy.counters[0] == Counter(
        name="power/energy-pkg/",
        domain="package",
        unit="Joules",
        before=0,
        after=5.25,
        range=None,
        samples=(),
    )


def test_windows_have_a_perf_each(perf_acts):
    perf_acts(GOOD, {"output": line("2.000000")}, {"output": line("3.000000")}, {"output": line("4.000000")})
    with PerfSource(PACKAGE) as source:
        assert [second_window(source).joules["package"] for _ in range(3)] == [2.0, 3.0, 4.0]


def test_a_window_that_nobody_asked_about_is_not_added_to_the_next(perf_acts):
    perf_acts(GOOD, {"output": line("2.000000")}, {"output": line("3.000000")})
    with PerfSource(PACKAGE) as source:
        source.start()
        source.stop()
        assert second_window(source).joules == {"package": 3.0}


@pytest.mark.parametrize(
    ("act", "message"),
    [
        ({"output": line("<not supported>")}, "<not supported>"),
        ({"output": line("<not counted>", runtime=0, running="0.00")}, "<not counted>"),
        ({"output": line("5,25", running="100,00")}, "decimal comma"),
        ({"output": line("5.25", event="power/energy-psys/")}, "wrote no count of it"),
        ({"output": line("-5.25")}, "backwards"),
        ({"output": line("2000.000000")}, "more than 1000 W"),
        ({"output": ""}, "no counts"),
        ({"at": "ping", "do": "kill 9"}, "killed by signal 9"),
        ({"at": "enable", "do": "kill 9"}, "killed by signal 9"),
        ({"at": "disable", "do": "kill 9"}, "killed by signal 9"),
        ({"at": "end", "do": "kill 15"}, "killed by signal 15"),
        (
            {"at": "end", "do": "exit 3", "message": "disk full"},
            "exit status 3 and said: disk full",
        ),
        ({"at": "enable", "do": "mute", "output": line("5.0")}, "did not follow 'enable'"),
        ({"at": "disable", "do": "mute", "output": line("5.0")}, "did not follow 'disable'"),
    ],
)
def test_a_window_that_perf_did_not_count_whole_gives_no_energy_and_the_next_is_good(perf_acts, act, message):
    perf_acts(GOOD, act, {"output": line("3.000000")})
    with PerfSource(PACKAGE, patience_seconds=2.0 if act.get("do") == "mute" else 60.0) as source:
        energy = second_window(source)
        assert energy.joules == {}
        assert energy.problem is not None
        assert energy.problem.startswith("perf: ")
        assert message in energy.problem
        assert second_window(source).joules == {"package": 3.0}


def test_an_event_that_stopped_inside_the_window_gives_no_energy(perf_acts):
    """Its CPU went offline: 0.05 s were counted of the window, which the event's own run time tells."""
    perf_acts(GOOD, {"output": line("0.500000", runtime=50_000_000)})
    now = [0.0]
    with PerfSource(PACKAGE, clock=lambda: now[0]) as source:
        source.start()
        now[0] += 0.2
        source.stop()
        energy = source.energy(0.0)
    assert energy.joules == {}
    assert "it counted for 0.050 s of a window of 0.200 to 0.200 s" in str(energy.problem)
    assert "it stopped inside the window" in str(energy.problem)


def test_an_answer_that_comes_late_shows_in_the_counted_seconds(perf_acts):
    """At 10 W a command of 0.1 s whose end perf noticed 0.4 s late: 5 J in 0.5 s, and the power is right."""
    perf_acts(GOOD, {"output": line("5.000000"), "at": "disable", "do": "wait 0.4"})
    with PerfSource(PACKAGE) as source:
        _, energy, longest = timed_window(source, 0.1)
    assert energy.joules == {"package": 5.0}
    assert energy.seconds is not None
    assert 0.5 <= energy.seconds <= longest


def test_the_run_time_is_that_of_one_of_the_packages_that_perf_adds_up(perf_acts):
    perf_acts({"output": line("1.0", runtime="RUNTIME*2")}, {"output": line("3.0", runtime="RUNTIME*2")})
    with PerfSource(PACKAGE, packages=2) as source:
        shortest, energy, longest = timed_window(source, 0.3)
    assert energy.joules == {"package": 3.0}
    assert energy.seconds is not None
    assert shortest <= energy.seconds <= longest


def test_two_processors_of_one_package_are_not_added_up(tmp_path):
    power = power_pmu(tmp_path, cpumask="0,4")
    for cpu, package in ((0, 0), (4, 0), (8, 1)):
        topology = tmp_path / f"cpu{cpu}" / "topology"
        topology.mkdir(parents=True)
        (topology / "physical_package_id").write_text(f"{package}\n")
    with pytest.raises(UnavailableError, match="CPUs 0 and 4, which belong to one package") as refusal:
        packages_added_up(power, tmp_path, cpu_files=tmp_path)
    assert "pmu or powercap" in refusal.value.fix
    (power / "cpumask").write_text("0,8\n")
    assert packages_added_up(power, tmp_path, cpu_files=tmp_path) == 2


def test_the_limit_of_power_holds_for_all_packages_together(perf_acts):
    for packages, joules in ((1, {}), (4, {"package": 25.0})):
        perf_acts({"output": line("0.1", runtime=0)}, {"output": line("25.000000", runtime=0)})
        with PerfSource(PACKAGE, packages=packages, clock=lambda: 0.0) as source:
            energy = second_window(source)
        assert energy.joules == joules


@pytest.mark.parametrize(
    ("act", "message", "fix"),
    [
        ({"at": "start", "do": "exit 129", "message": "Error: unknown option `control'"}, "unknown option", "perf 6.0"),
        ({"at": "start", "do": "exit 129", "message": "Error: unknown switch `j'"}, "unknown switch", "perf 6.0"),
        (
            {"at": "start", "do": "exit 129", "message": "event syntax error: Cannot find PMU `power'."},
            "Cannot find PMU",
            "powercap",
        ),
        (
            {"at": "start", "do": "exit 255", "message": "Error:\nperf_event_paranoid setting is 4"},
            "perf has no right to count for the whole machine",
            "prepare apply --rights perf",
        ),
        (
            {"output": line("<not supported>", event="power/energy-pkg/u")},
            "for user programs alone",
            "prepare apply --rights perf",
        ),
        ({"at": "start", "do": "exit 2", "message": "WARNING: perf not found for kernel 6.1"}, "not found", "by hand"),
        ({"output": line("<not supported>")}, "<not supported>", "by hand"),
        ({"output": line("<not counted>")}, "<not counted>", "by hand"),
    ],
)
def test_a_perf_that_cannot_count_packages_is_refused_with_a_fix(perf_acts, act, message, fix):
    perf_acts(act)
    with pytest.raises(UnavailableError, match=message) as refusal:
        PerfSource(PACKAGE)
    assert fix in refusal.value.fix


def test_a_perf_that_takes_its_time_to_end_is_refused_for_what_it_printed(tmp_path, monkeypatch):
    """It closes its pipes a moment before it is gone, as the real one does."""
    program = tmp_path / "perf"
    program.write_text(
        "#!/bin/bash\necho perf_event_paranoid setting is 3 >&2\n"
        'for file in $(ls /proc/$$/fd); do case $file in [0-2] | 255) ;; *) eval "exec $file>&-" ;; esac; done\n'
        "sleep 0.3\nexit 255\n"
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with pytest.raises(NoRightError, match="perf has no right to count"):
        PerfSource(PACKAGE)


def test_a_perf_that_does_not_answer_in_time_is_refused_for_that(tmp_path, monkeypatch):
    program = tmp_path / "perf"
    program.write_text("#!/bin/sh\necho Events disabled >&2\ncat > /dev/null\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with pytest.raises(UnavailableError, match=r"\(perf did not follow 'ping' within 2 s\), and says: Events disabled"):
        PerfSource(PACKAGE, patience_seconds=2.0)


def test_a_domain_that_perf_cannot_count_is_left_out_and_said(perf_acts):
    perf_acts(
        {"output": line("0.1") + line("<not supported>", "power/energy-ram/")},
        {"output": line("5.000000")},
    )
    with PerfSource({**PACKAGE, "power/energy-ram/": "dram"}) as source:
        assert source.domains == ("package",)
        assert source.notes == ("dram left out: perf says '<not supported>'",)
        assert second_window(source).joules == {"package": 5.0}


def test_a_missing_program_is_refused_with_a_fix(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UnavailableError, match="perf is not on PATH") as refusal:
        PerfSource(PACKAGE)
    assert "linux-perf" in refusal.value.fix


@needs_root
@pytest.mark.parametrize(
    ("group", "mode", "reason", "fix"),
    [
        (12, 0o750, "may be run by the group man alone", "sudo usermod -aG man $USER"),
        (12, 0o700, "may be run by root alone", "prepare apply --rights perf"),
    ],
)
def test_a_perf_that_this_user_may_not_run_is_told_from_one_that_is_missing(
    tmp_path, monkeypatch, group, mode, reason, fix
):
    program = tmp_path / "perf"
    program.write_bytes(b"\x7fELF")
    os.chown(program, 0, group)
    program.chmod(mode)
    monkeypatch.setenv("PATH", str(tmp_path))
    with another_user(tmp_path), pytest.raises(NoRightError, match=reason) as refusal:
        PerfSource(PACKAGE)
    assert fix in refusal.value.fix


def test_a_domain_that_the_settings_leave_out_is_not_asked_of_perf(perf_acts):
    perf_acts({"output": line("0.1")}, {"output": line("5.000000")})
    with PerfSource({**PACKAGE, "power/energy-ram/": "dram"}, domains=("package",)) as source:
        assert source.notes == ("dram left out by measure.domains",)
        assert second_window(source).joules == {"package": 5.0}


def test_a_program_that_is_none_is_refused_and_leaves_nothing_open(tmp_path, monkeypatch):
    program = tmp_path / "perf"
    program.write_bytes(b"\x7fELF of another machine")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    descriptors = len(list(Path("/proc/self/fd").iterdir()))
    with pytest.raises(UnavailableError, match="cannot be started"):
        PerfSource(PACKAGE)
    assert len(list(Path("/proc/self/fd").iterdir())) == descriptors


def counts_milliseconds(**more: float) -> PerfSource:
    """The real perf, counting the milliseconds of all CPUs in place of joules."""
    return PerfSource({"task-clock": "package"}, unit="msec", limit_watts=1e9, packages=os.cpu_count() or 1, **more)


@needs_perf
def test_the_real_perf_counts_between_its_two_orders():
    cpus = os.cpu_count() or 1
    with counts_milliseconds() as source:
        time.sleep(0.2)
        outside = time.perf_counter()
        source.start()
        inside = time.perf_counter()
        time.sleep(0.3)
        shortest = time.perf_counter() - inside
        source.stop()
        longest = time.perf_counter() - outside
        time.sleep(0.2)
        energy = source.energy(0.0)
    assert energy.problem is None
    assert cpus * shortest * 999 <= energy.joules["package"] <= cpus * longest * 1001


@needs_perf
def test_the_real_perf_counts_one_window_after_the_other():
    with counts_milliseconds() as source:
        for _ in range(3):
            source.start()
            source.stop()
            energy = source.energy(0.0)
            assert energy.problem is None
            assert energy.joules["package"] > 0


@needs_perf
@pytest.mark.parametrize(("command", "status"), [("exit 3", 3), ("kill -9 $$", -9), ("true", 0)])
def test_the_exit_status_of_the_command_does_not_pass_through_the_real_perf(command, status):
    with counts_milliseconds() as source:
        source.start()
        process = os.posix_spawn("/bin/sh", ["sh", "-c", command], os.environ)
        _, ended, _ = os.wait4(process, 0)
        source.stop()
        assert source.energy(0.0).problem is None
    assert os.waitstatus_to_exitcode(ended) == status


@needs_perf
def test_an_event_that_the_real_perf_does_not_know_is_refused():
    with pytest.raises(UnavailableError, match="event syntax error"):
        PerfSource({"power-of-nothing": "package"})


@needs_perf
def test_a_unit_that_the_real_perf_does_not_count_in_is_refused():
    with pytest.raises(UnavailableError, match="'msec' and not Joules"):
        PerfSource({"task-clock": "package"})


@needs_perf
@needs_root
@needs_strict_kernel
def test_the_real_perf_without_the_right_is_refused_with_one_capability_as_the_fix(tmp_path):
    with another_user(tmp_path), pytest.raises(UnavailableError) as refusal:
        counts_milliseconds()
    assert "prepare apply --rights perf" in refusal.value.fix


@needs_perf
def test_the_real_perf_does_not_outlive_a_program_that_is_killed(tmp_path):
    program = (
        "import time\n"
        "from tests.energy.test_perf import counts_milliseconds\n"
        "source = counts_milliseconds()\n"
        "source.start()\n"
        "print(source._run.process.pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    command = [sys.executable, "-c", program]
    environment = os.environ | {"TMPDIR": str(tmp_path)}
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout is not None
        perf = Path("/proc") / owner.stdout.readline().strip()
        assert (perf / "comm").read_text() == "perf\n"
        owner.kill()
        wait_for(lambda: not trees.is_alive(int(perf.name)))
