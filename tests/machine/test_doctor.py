"""The doctor on trees of machines that it never saw: what it finds fatal, what it warns of, and the fixes it names."""

import json
import os
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from ergit import energy
from ergit.config.settings import MeasureSettings, SandboxSettings, TemperatureSettings
from ergit.errors import ErgitError
from ergit.machine.doctor.check import Check, CheckRoots
from ergit.machine.doctor.load import load
from ergit.machine.doctor.platform import free_space, running_builds
from ergit.machine.doctor.report import checks, refuse_fatal, report, verdict
from ergit.machine.doctor.sandbox import sandbox
from ergit.machine.interference import Interference
from ergit.machine.lock import lock_path, measuring_lock
from ergit.machine.prepare.saved_state import SavedState, store
from tests.fakes.another_user import another_user
from tests.fakes.commands import ERGIT
from tests.fakes.needs import needs_bubblewrap

CPU = "devices/system/cpu"
PACKAGE = "class/powercap/intel-rapl:0"
SETTINGS = MeasureSettings()
WELL_PREPARED = {
    f"{PACKAGE}/name": "package-0",
    f"{PACKAGE}/energy_uj": "123456",
    f"{PACKAGE}/max_energy_range_uj": "262143328850",
    f"{CPU}/cpufreq/policy0/scaling_governor": "performance",
    f"{CPU}/cpufreq/policy0/scaling_driver": "intel_pstate",
    f"{CPU}/cpufreq/policy0/scaling_min_freq": "800000",
    f"{CPU}/cpufreq/policy0/scaling_max_freq": "3400000",
    f"{CPU}/cpufreq/policy0/cpuinfo_max_freq": "3400000",
    f"{CPU}/intel_pstate/no_turbo": "1",
    f"{CPU}/smt/control": "off",
    f"{CPU}/cpuidle/current_driver": "intel_idle",
    f"{CPU}/cpu0/cpuidle/state0/name": "POLL",
    f"{CPU}/cpu0/thermal_throttle/core_throttle_count": "0",
    f"{CPU}/cpu0/thermal_throttle/package_throttle_count": "0",
    "devices/system/clocksource/clocksource0/current_clocksource": "tsc",
    "class/power_supply/AC/type": "Mains",
    "class/power_supply/AC/online": "1",
    "class/hwmon/hwmon0/name": "coretemp",
    "class/hwmon/hwmon0/temp1_label": "Package id 0",
    "class/hwmon/hwmon0/temp1_input": "41000",
}
PROC = {
    "cpuinfo": "processor\t: 0\nflags\t\t: fpu vme sse2\n",
    "stat": "cpu  100 10 50 1000 20 5 5 10 0 0\ncpu0 100 10 50 1000 20 5 5 10 0 0\n",
    "swaps": "Filename\tType\tSize\tUsed\tPriority\n",
    "meminfo": "MemAvailable:    8000000 kB\n",
    **{f"pressure/{name}": "some avg10=0.00 avg60=0.00 avg300=0.00 total=0\n" for name in ("cpu", "io", "memory")},
    "self/mountinfo": "",
    "self/cgroup": "",
    "self/status": "Name:\tpython3\nCapEff:\t0000000000000000\n",
    "sys/kernel/perf_event_paranoid": "2\n",
    "sys/kernel/random/boot_id": "boot-1\n",
    "1/comm": "systemd\n",
}


def roots(folder: Path, sysfs: dict[str, str], proc: dict[str, str] | None = None) -> CheckRoots:
    for root, files in (("sys", sysfs), ("proc", PROC | (proc or {}))):
        for name, text in files.items():
            path = folder / root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text if text.endswith("\n") or not text else f"{text}\n")
    locks = folder / "locks"
    locks.mkdir()
    locks.chmod(0o1777)
    return CheckRoots(folder / "sys", folder / "proc", folder, folder, folder, folder / "preparation.json", (locks,))


@contextmanager
def counting(counter: Path) -> Iterator[None]:
    """The counter grows as that of a package which draws 20 W, where there is one."""
    stopped, started = threading.Event(), time.monotonic()

    def grow() -> None:
        while not stopped.wait(0.001):
            with counter.open("r+") as file:
                file.write(f"{100_000_000 + int((time.monotonic() - started) * 20e6)}\n")

    thread = threading.Thread(target=grow)
    if counter.exists():
        thread.start()
    try:
        yield
    finally:
        stopped.set()
        if counter.exists():
            thread.join()


def found(there: CheckRoots, settings: MeasureSettings = SETTINGS) -> dict[str, Check]:
    with counting(there.sysfs / PACKAGE / "energy_uj"):
        return {check.name: check for check in checks(settings, there, sample_seconds=0.01)}


def test_a_prepared_machine_with_a_counter_has_nothing_fatal_and_measures(tmp_path: Path) -> None:
    there = found(roots(tmp_path, WELL_PREPARED))
    assert [check.name for check in there.values() if check.level in {"warn", "fatal"}] == ["process trees"]
    assert there["readings"].found == "measured by powercap"
    assert there["source powercap"].level == "ok"
    assert there["source pmu"].level == "missing"


def test_without_any_counter_the_settings_are_fatal_and_every_source_names_its_fix(tmp_path: Path) -> None:
    there = found(roots(tmp_path, {}))
    fatal = {check.name for check in there.values() if check.level == "fatal"}
    assert fatal == {"readings", "source pmu", "source perf", "source powercap"}
    assert all(there[f"source {name}"].fix for name in ("pmu", "perf", "powercap"))


def test_a_source_that_was_asked_for_is_not_replaced_by_another(tmp_path: Path) -> None:
    there = found(roots(tmp_path, WELL_PREPARED), MeasureSettings(source="pmu", allow_estimate=True))
    assert there["readings"].level == "fatal"
    assert there["source pmu"].level == "fatal"
    assert (there["source powercap"].level, there["source powercap"].found[:8]) == ("ok", "not used")


PMU = "bus/event_source/devices/power"


def test_a_machine_that_counts_another_domain_alone_is_told_to_judge_by_it_as_the_error_at_run_time_tells_it(
    tmp_path: Path,
) -> None:
    there = roots(tmp_path, WELL_PREPARED | {f"{PACKAGE}/name": "psys"})
    checked = found(there)
    assert checked["readings"].level == "fatal"
    powercap = there.sysfs / "class/powercap"
    assert (checked["source powercap"].level, checked["source powercap"].found) == (
        "fatal",
        f"{powercap} counts psys and no package, by which measure.judged compares commits",
    )
    assert checked["source powercap"].fix == "Set measure.judged: psys, the energy of the whole machine"
    kernel = energy.Roots(powercap, there.sysfs / "bus/event_source/devices", there.proc)
    with counting(there.sysfs / PACKAGE / "energy_uj"), pytest.raises(ErgitError) as error:
        energy.choose(SETTINGS, kernel)
    assert checked["source powercap"].found in str(error.value)
    assert checked["source powercap"].fix in str(error.value)
    assert found(there, MeasureSettings(judged="psys"))["readings"].found == "measured by powercap"


def test_the_perf_that_kernel_level_3_refuses_is_told_the_command_that_helps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    perf = tmp_path / "bin/perf"
    perf.parent.mkdir()
    perf.write_text("#!/bin/sh\necho perf_event_paranoid setting is 3 >&2\nexit 255\n")
    perf.chmod(0o755)
    monkeypatch.setenv("PATH", f"{perf.parent}:{os.environ['PATH']}")
    pmu = {f"{PMU}/events/energy-pkg": "event=0x02", f"{PMU}/type": "21", f"{PMU}/cpumask": "0"}
    checked = found(roots(tmp_path, pmu, {"sys/kernel/perf_event_paranoid": "3"}))["source perf"]
    assert checked.found == (
        "perf has no right to count for the whole machine: kernel.perf_event_paranoid is 3, which takes CAP_SYS_ADMIN,"
        " since it ignores CAP_PERFMON"
    )
    assert checked.fix == "sudo $(command -v ergit) prepare apply --rights perf"


def test_a_powercap_tree_that_a_container_hides_is_named_as_such(tmp_path: Path) -> None:
    there = roots(tmp_path, {name: text for name, text in WELL_PREPARED.items() if not name.startswith(PACKAGE)})
    zones = there.sysfs / "class/powercap"
    zones.mkdir(parents=True)
    for name in ("intel-rapl", "intel-rapl:0"):
        (zones / name).symlink_to(f"../../devices/virtual/powercap/{name}")
    checked = found(there)["source powercap"]
    assert "lead nowhere (intel-rapl, intel-rapl:0)" in checked.found
    assert "container" in checked.fix
    assert "measure.powercap" in checked.fix


def test_a_counter_that_stands_still_is_not_taken_for_one_that_counts(tmp_path: Path) -> None:
    there = roots(tmp_path, WELL_PREPARED)
    checked = {check.name: check for check in checks(SETTINGS, there, sample_seconds=0.01)}
    assert (checked["readings"].level, checked["source powercap"].level) == ("fatal", "fatal")
    assert "did not move" in checked["source powercap"].found
    assert "does not count" in checked["source powercap"].fix


@pytest.mark.parametrize("settings", [MeasureSettings(source="estimate"), MeasureSettings(allow_estimate=True)])
def test_an_estimate_is_a_warning_that_says_so(tmp_path: Path, settings: MeasureSettings) -> None:
    readings = found(roots(tmp_path, {}), settings)["readings"]
    assert (readings.level, readings.found) == ("warn", "estimated from CPU time")


@pytest.mark.parametrize(
    ("changed", "name", "fix"),
    [
        ({f"{CPU}/cpufreq/policy0/scaling_governor": "powersave"}, "governor", "--governor performance"),
        ({f"{CPU}/cpufreq/policy1/scaling_governor": "powersave"}, "governor", "--governor performance"),
        ({f"{CPU}/intel_pstate/no_turbo": "0"}, "turbo", "--no-turbo"),
        ({f"{CPU}/smt/control": "on"}, "SMT", "--no-smt"),
        ({f"{CPU}/cpufreq/policy1/scaling_max_freq": "2000000"}, "frequency", "--frequency"),
        ({f"{CPU}/cpu0/thermal_throttle/core_throttle_count": "7"}, "throttling", "highest_celsius"),
        ({"devices/system/clocksource/clocksource0/current_clocksource": "hpet"}, "clock", "dmesg"),
        ({"class/power_supply/BAT0/type": "Battery", "class/power_supply/AC/online": "0"}, "supply", "Plug"),
    ],
)
def test_a_setting_that_moves_the_readings_is_a_warning_with_its_fix(
    tmp_path: Path, changed: dict[str, str], name: str, fix: str
) -> None:
    there = found(roots(tmp_path, WELL_PREPARED | changed))
    assert there[name].level == "warn"
    assert fix in there[name].fix
    assert {check.name for check in there.values() if check.level == "warn"} == {name, "process trees"}


@pytest.mark.parametrize(
    ("changed", "name"),
    [
        ({"swaps": "Filename Type Size Used Priority\n/dev/sda2 partition 8388604 2048 -2\n"}, "swap"),
        ({"cpuinfo": "flags\t\t: fpu hypervisor sse2\n"}, "virtual machine"),
        ({"77/comm": "power-profiles-\n"}, "power services"),
    ],
)
def test_what_proc_shows_is_a_warning_too(tmp_path: Path, changed: dict[str, str], name: str) -> None:
    there = found(roots(tmp_path, WELL_PREPARED, changed))
    assert {check.name for check in there.values() if check.level == "warn"} == {name, "process trees"}


def test_a_fixed_frequency_needs_no_governor(tmp_path: Path) -> None:
    fixed = {
        f"{CPU}/cpufreq/policy0/scaling_governor": "powersave",
        f"{CPU}/cpufreq/policy0/scaling_min_freq": "2400000",
        f"{CPU}/cpufreq/policy0/scaling_max_freq": "2400000",
    }
    there = found(roots(tmp_path, WELL_PREPARED | fixed))
    assert (there["governor"].level, there["frequency"].found) == ("ok", "intel_pstate, fixed at 2400 MHz")


def test_a_machine_that_shows_nothing_is_described_without_a_crash(tmp_path: Path) -> None:
    there = roots(tmp_path, {})
    for path in there.proc.rglob("*"):
        if path.is_file() and path.name not in {"mountinfo", "cgroup", "stat"}:
            path.unlink()
    levels = {name: check.level for name, check in found(there, MeasureSettings(allow_estimate=True)).items()}
    assert "fatal" not in levels.values()
    assert {levels[name] for name in ("frequency", "turbo", "throttling", "clock", "pressure", "idle states")} == {
        "missing"
    }


def prepared(boot: str) -> SavedState:
    setting = {f"sysfs:{CPU}/intel_pstate/no_turbo": "0"}
    return SavedState(when="2026-03-01T10:00:00+00:00", boot=boot, saved=setting, applied=setting)


def test_a_preparation_that_a_reboot_undid_is_a_warning(tmp_path: Path) -> None:
    there = roots(tmp_path, WELL_PREPARED)
    store(there.saved_state, prepared("boot-1"))
    assert found(there)["preparation"].level == "ok"
    store(there.saved_state, prepared("boot-0"))
    assert found(there)["preparation"].level == "warn"
    there.saved_state.write_text("{")
    assert found(there)["preparation"].level == "warn"


def test_foreign_load_and_stolen_time_are_a_warning() -> None:
    sample = Interference(1.0, 4, 0.0, 1.5, 0.0, 0.25, 0.0, None, None)
    assert (load(sample, 0.5).level, load(sample, 0.5).found) == ("warn", "1.75 cores busy, limit 0.5")
    assert load(sample, 2.0).level == "ok"


def test_a_container_that_sees_itself_alone_is_a_warning(tmp_path: Path) -> None:
    mount = "321 303 0:54 /proc/stat /proc/stat rw,nosuid - fuse.lxcfs lxcfs rw,user_id=0\n"
    assert found(roots(tmp_path, WELL_PREPARED, {"self/mountinfo": mount}))["CPU time"].level == "warn"


def test_the_doctor_says_from_how_much_foreign_load_on_short_windows_are_flagged(tmp_path: Path) -> None:
    settings = MeasureSettings(minimum_window_seconds=0.1)
    assert found(roots(tmp_path, WELL_PREPARED), settings)["foreign load"].found == (
        "flagged from these many cores on: 0.34 in 0.1 s, 0.21 in 1 s"
    )


def test_a_machine_that_does_not_say_what_runs_is_fatal(tmp_path: Path) -> None:
    assert found(roots(tmp_path, WELL_PREPARED, {"stat": "intr 12\n"}))["load"].level == "fatal"


@pytest.mark.parametrize(
    ("temperature", "level"),
    [
        (TemperatureSettings(), "ok"),
        (TemperatureSettings(highest_celsius=60, lowest_celsius=30), "ok"),
        (TemperatureSettings(highest_celsius=40), "warn"),
        (TemperatureSettings(lowest_celsius=50), "warn"),
        (TemperatureSettings(sensor=None), "missing"),
        (TemperatureSettings(sensor=None, highest_celsius=60), "warn"),
        (TemperatureSettings(sensor=None, highest_celsius=60, on_timeout="error"), "fatal"),
        (TemperatureSettings(sensor="k10temp"), "fatal"),
    ],
)
def test_the_temperature_is_compared_with_its_bounds(
    tmp_path: Path, temperature: TemperatureSettings, level: str
) -> None:
    there = found(roots(tmp_path, WELL_PREPARED), MeasureSettings(temperature=temperature))
    assert there["temperature"].level == level


def test_a_sensor_that_gives_no_number_is_fatal(tmp_path: Path) -> None:
    broken = {"class/hwmon/hwmon0/temp1_input": "N/A"}
    assert found(roots(tmp_path, WELL_PREPARED | broken))["temperature"].level == "fatal"


def test_a_study_that_measures_now_is_a_warning_that_names_it(tmp_path: Path) -> None:
    there = roots(tmp_path, WELL_PREPARED)
    assert found(there)["other study"].level == "ok"
    with measuring_lock(lock_path(there.locks)):
        other = found(there)["other study"]
    assert (other.level, f"process {os.getpid()} of user" in other.found) == ("warn", True)
    assert found(there)["other study"].level == "ok"


def test_no_folder_for_the_lock_is_fatal(tmp_path: Path) -> None:
    there = roots(tmp_path, WELL_PREPARED)
    there.locks[0].rmdir()
    assert found(there)["other study"].level == "fatal"


def test_room_is_looked_for_where_a_folder_will_be_made(tmp_path: Path) -> None:
    assert free_space("room", tmp_path / "not/yet").found.endswith("not/yet")


def test_too_little_room_is_fatal_and_says_how_much_is_needed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": 20_971_520}))
    check = free_space("room for results", tmp_path)
    assert (check.level, check.found) == ("fatal", f"21 MB free in {tmp_path}, and at least 100 MB are needed")


def test_a_folder_that_cannot_be_written_to_is_fatal_and_named(tmp_path: Path) -> None:
    tmp_path.chmod(0o555)
    with another_user(tmp_path):
        check = free_space("room for results", tmp_path / "results")
    tmp_path.chmod(0o755)
    assert (check.level, check.found) == ("fatal", f"{tmp_path} cannot be written to")


def test_builds_in_a_folder_without_programs_are_a_warning() -> None:
    noexec = next((line.split()[1] for line in Path("/proc/mounts").read_text().splitlines() if "noexec" in line), None)
    assert running_builds(Path("/usr/bin")).level == "ok"
    assert noexec is None or running_builds(Path(noexec)).level == "warn"


def test_a_missing_git_is_fatal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    there = found(roots(tmp_path, WELL_PREPARED))
    assert (there["git"].level, there["git"].fix) == ("fatal", "sudo apt install git")
    assert there["JDK"].level == "missing"


def test_jdks_are_found_once_each(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "usr/lib/jvm/jdk-21"
    (home / "bin").mkdir(parents=True)
    (home / "bin/javac").touch(mode=0o755)
    (home / "release").write_text('JAVA_VERSION="21.0.4"\n')
    (tmp_path / "usr/lib/jvm/default").symlink_to("jdk-21")
    monkeypatch.setenv("PATH", f"{home}/bin")
    monkeypatch.setenv("JAVA_HOME", str(home))
    monkeypatch.setenv("HOME", str(tmp_path))
    assert found(roots(tmp_path, WELL_PREPARED))["JDK"].found == f"21.0.4 in {home}"


TWO: list[Check] = [
    Check("readings", "fatal", "no counter", "Needed.", "Or estimate."),
    Check("turbo", "warn", "on", "It moves.", "turn it off"),
    Check("git", "ok", "here"),
    Check("source pmu", "fatal", "absent", "Needed.", "load it"),
    Check("source perf", "fatal", "absent", "Needed.", "load it"),
    Check("source powercap", "fatal", "barred", "Needed.", "allow it"),
    Check("clock", "warn", "slow", "It costs.", "load it"),
]


def test_the_report_begins_with_the_verdict_and_what_is_fatal_and_says_each_cause_and_fix_once() -> None:
    assert report(TWO, 80, coloured=False).splitlines() == [
        "This machine cannot measure what these settings ask for: no counter.",
        "",
        "1. Needed.",
        "   source pmu, source perf: absent",
        "   source powercap: barred",
        "   -> source pmu, source perf: load it",
        "   -> source powercap: allow it",
        "   -> Or estimate.",
        "",
        "turbo  warn     on",
        "git    ok       here",
        "clock  warn     slow",
        "",
        "2. turbo (warn): It moves.",
        "   -> turn it off",
        "",
        "3. clock (warn): It costs.",
    ]


def test_what_is_fatal_stops_a_study_with_each_cause_meaning_and_fix_once() -> None:
    with pytest.raises(ErgitError) as error:
        refuse_fatal(TWO)
    assert str(error.value) == (
        "This machine cannot measure what these settings ask for: no counter. source pmu, source perf: absent."
        " source powercap: barred. Needed. source pmu, source perf: load it. source powercap: allow it. Or estimate."
    )


def test_the_verdict_is_one_sentence() -> None:
    warned = Check("turbo", "warn", "on", "It moves.")
    for checks_, sentence in (
        (
            [Check("git", "fatal", "gone", "Needed.")],
            "This machine cannot measure what these settings ask for: see git.",
        ),
        ([warned], "This machine can measure what these settings ask for. 1 warning."),
        ([Check("readings", "ok", "measured by pmu")], "This machine can measure what these settings ask for."),
        (
            [Check("readings", "warn", "estimated from CPU time", "No joules."), warned],
            "This machine can do what these settings ask for: an estimate, no measurement. 2 warnings.",
        ),
    ):
        assert verdict(checks_) == sentence


def test_nothing_is_advised_for_a_source_that_the_study_does_without(tmp_path: Path) -> None:
    """So that nothing contradicts the fix that was made."""
    there = found(roots(tmp_path, WELL_PREPARED, {"sys/kernel/perf_event_paranoid": "3"}))
    assert (there["readings"].level, there["source pmu"].fix, there["source pmu"].meaning) == ("ok", "", "")


def test_colours_are_for_terminals_only() -> None:
    assert "\033[" not in report(TWO, 80, coloured=False)
    assert "turbo  \033[33mwarn\033[0m     on" in report(TWO, 80, coloured=True).splitlines()


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*ERGIT, "doctor", *arguments], check=False, capture_output=True, text=True)


def test_the_program_prints_its_checks_and_ends_well_where_nothing_is_fatal() -> None:
    answer = run("--measure", json.dumps({"source": "estimate"}))
    assert answer.returncode == 0, answer.stderr
    assert "estimated from CPU time" in answer.stdout


def test_the_program_reads_the_config_that_is_named(tmp_path: Path) -> None:
    text = "repository: {url: x}\ncommits: [main]\nworkload: {command: x}\nmeasure: {source: estimate}\n"
    (tmp_path / "study.yaml").write_text(text)
    assert "estimated from CPU time" in run("--configfile", str(tmp_path / "study.yaml")).stdout


def test_the_program_reads_the_config_of_the_study_that_is_named(tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    text = "repository: {url: x}\ncommits: [main]\nworkload: {command: x}\nmeasure: {source: estimate}\n"
    (tmp_path / "config/config.yaml").write_text(text)
    answer = run("--study", str(tmp_path))
    assert "estimated from CPU time" in answer.stdout
    assert f"free in {tmp_path}/results" in " ".join(answer.stdout.split())


def test_a_folder_without_a_study_is_an_error_that_says_what_to_name(tmp_path: Path) -> None:
    answer = run("--study", str(tmp_path))
    assert (answer.returncode, answer.stdout) == (1, "")
    assert "--configfile, or look at the machine alone with --measure '{}'" in answer.stderr


def test_a_config_that_is_no_yaml_is_refused_with_file_line_and_column(tmp_path: Path) -> None:
    (tmp_path / "study.yaml").write_text("repository: {url: x}\nmeasure: {source: pmu\ncommits: [main]\n")
    answer = run("--configfile", str(tmp_path / "study.yaml"))
    assert (answer.returncode, answer.stdout, len(answer.stderr.splitlines())) == (1, "", 1)
    assert answer.stderr.startswith(f"ergit: {tmp_path / 'study.yaml'}, line 3, column 8 is no YAML: ")


def test_a_config_with_a_key_twice_is_refused_by_the_doctor_too(tmp_path: Path) -> None:
    text = "repository: {url: x}\ncommits: [main]\nworkload: {command: x}\nmeasure: {source: pmu, source: estimate}\n"
    (tmp_path / "study.yaml").write_text(text)
    answer = run("--configfile", str(tmp_path / "study.yaml"))
    assert (answer.returncode, "the key 'source' stands here a second time" in answer.stderr) == (1, True)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ("{", "not the part `measure`"),
        ('{"watts_per_core": -1}', "measure.watts_per_core"),
        ('{"sorce": "pmu"}', "Did you mean 'source'?"),
    ],
)
def test_the_program_ends_badly_and_plainly_on_wrong_settings(settings: str, words: str) -> None:
    answer = run("--measure", settings)
    assert (answer.returncode, "Traceback" in answer.stderr, words in answer.stderr) == (1, False, True)


def test_every_name_is_there_once(tmp_path: Path) -> None:
    names = [check.name for check in checks(SETTINGS, roots(tmp_path, WELL_PREPARED), sample_seconds=0.01)]
    assert len(names) == len(set(names))


REFUSING = "#!/bin/sh\necho 'bwrap: setting up uid map: Permission denied' >&2\nexit 1\n"


def sandboxed(there: CheckRoots, monkeypatch: pytest.MonkeyPatch, bwrap: str | None, **settings: Any) -> Check:
    """The check of the sandbox with that text as `bwrap`, the only program on PATH."""
    programs = there.proc.parent / "bin"
    programs.mkdir(parents=True)
    if bwrap is not None:
        (programs / "bwrap").write_text(bwrap)
        (programs / "bwrap").chmod(0o755)
    monkeypatch.setenv("PATH", str(programs))
    return sandbox(SandboxSettings(**settings), there)


@pytest.mark.parametrize(
    ("sysctl", "fix"),
    [
        ("kernel/apparmor_restrict_unprivileged_userns=1", "profile bwrap /usr/bin/bwrap"),
        ("kernel/unprivileged_userns_clone=0", "kernel.unprivileged_userns_clone=1"),
        ("user/max_user_namespaces=0", "user.max_user_namespaces=10000"),
        ("kernel/other=0", "In a container"),
    ],
)
def test_a_sandbox_that_is_asked_for_and_refused_is_fatal_with_its_fix(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sysctl: str, fix: str
) -> None:
    there = roots(tmp_path, WELL_PREPARED)
    name, _, value = sysctl.partition("=")
    (there.proc / "sys" / name).parent.mkdir(parents=True, exist_ok=True)
    (there.proc / "sys" / name).write_text(f"{value}\n")
    check = sandboxed(there, monkeypatch, REFUSING, enabled=True)
    assert (check.level, check.found) == ("fatal", "bwrap: setting up uid map: Permission denied")
    assert fix in check.fix


def test_a_sandbox_without_bubblewrap_is_fatal_where_it_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    check = sandboxed(roots(tmp_path, WELL_PREPARED), monkeypatch, None, enabled=True)
    assert (check.level, check.fix) == ("fatal", "sudo apt install bubblewrap")


def test_without_a_sandbox_the_doctor_says_what_foreign_code_may_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    check = sandboxed(roots(tmp_path, WELL_PREPARED), monkeypatch, "#!/bin/sh\n")
    assert (check.level, check.found) == ("missing", "off; it would work here")
    assert "may read and change all that you may" in check.meaning


def test_a_path_for_the_sandbox_that_is_not_there_is_fatal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    there = roots(tmp_path, WELL_PREPARED)
    check = sandboxed(there, monkeypatch, "#!/bin/sh\n", enabled=True, read=(str(tmp_path / "gone"),))
    assert (check.level, "sandbox.read: there is no" in check.found) == ("fatal", True)


@needs_bubblewrap
def test_a_sandbox_that_works_is_told_with_what_it_opens(tmp_path: Path) -> None:
    check = sandbox(SandboxSettings(enabled=True, read=("/usr",)), roots(tmp_path, WELL_PREPARED))
    assert (check.level, check.found) == ("ok", "works here, network for builds, 1 to read")
