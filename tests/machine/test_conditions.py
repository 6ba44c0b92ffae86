"""Conditions are told as they are, absent ones with the reason, and equal lasting ones make one session."""

from pathlib import Path

import pytest

from ergit.machine.conditions import conditions, differences
from ergit.machine.kernel import Machine

PROCESSORS = "devices/system/cpu"
SCALE = {"name": "powercap", "kind": "measured"}


def write(path: Path, text: str) -> None:
    """A file of the tree."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{text}\n")


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A laptop with two frequency policies, on mains."""
    proc, sysfs = tmp_path / "proc", tmp_path / "sys"
    write(proc / "sys/kernel/random/boot_id", "b0075")
    write(proc / "sys/kernel/osrelease", "6.1.0")
    write(proc / "sys/kernel/version", "#1 SMP")
    write(proc / "cpuinfo", "model name\t: Fast 9000\nmicrocode\t: 0xf0\n\nmodel name\t: Fast 9000\nmicrocode\t: 0xf0")
    write(proc / "loadavg", "0.10 0.20 0.30 1/200 4711")
    write(sysfs / PROCESSORS / "online", "0-1")
    write(sysfs / PROCESSORS / "smt/control", "on")
    write(sysfs / PROCESSORS / "intel_pstate/no_turbo", "1")
    for number in (0, 1):
        policy = sysfs / PROCESSORS / f"cpufreq/policy{number}"
        write(policy / "scaling_governor", "performance")
        write(policy / "scaling_driver", "intel_pstate")
        write(policy / "scaling_min_freq", "800000")
        write(policy / "scaling_max_freq", str(3_000_000 + number))
        write(policy / "energy_performance_preference", "performance")
    for number, (name, disabled) in enumerate((("POLL", "0"), ("C1", "0"), ("C6", "1"))):
        write(sysfs / PROCESSORS / f"cpu0/cpuidle/state{number}/name", name)
        write(sysfs / PROCESSORS / f"cpu0/cpuidle/state{number}/disable", disabled)
    write(sysfs / "class/power_supply/AC/type", "Mains")
    write(sysfs / "class/power_supply/AC/online", "1")
    write(sysfs / "class/power_supply/BAT0/type", "Battery")
    write(sysfs / "class/thermal/thermal_zone0/type", "x86_pkg_temp")
    write(sysfs / "class/thermal/thermal_zone0/temp", "45000")
    return Machine(sysfs=sysfs, proc=proc)


def test_every_fact_is_told(machine: Machine) -> None:
    found = conditions(machine)
    assert {name: fact for name, fact in found.lasting.items() if name != "host"} == {
        "boot": "b0075",
        "kernel": "6.1.0 #1 SMP",
        "cpu_model": "Fast 9000",
        "microcode": "0xf0",
        "processors_online": "0-1",
        "governor": "performance",
        "frequency_driver": "intel_pstate",
        "frequency_limits_kilohertz": ["800000", {"policy0": "3000000", "policy1": "3000001"}],
        "energy_performance_preference": "performance",
        "turbo": "off",
        "smt": "on",
        "idle_states": {"POLL": "on", "C1": "on", "C6": "off"},
        "supply": "mains",
    }
    assert found.passing["temperatures_celsius"] == {"x86_pkg_temp": 45.0}
    assert found.passing["load_averages"] == [0.1, 0.2, 0.3]
    assert set(found.missing) <= {"perf"}


def test_what_is_absent_is_null_with_a_reason(tmp_path: Path) -> None:
    record = conditions(Machine(sysfs=tmp_path, proc=tmp_path)).record()
    missing = record["missing"]
    assert isinstance(missing, dict)
    absent = {name for name, fact in record.items() if fact is None}
    assert absent == set(missing)
    assert absent >= {"boot", "kernel", "microcode", "governor", "turbo", "smt", "idle_states", "supply"}
    assert missing["microcode"] == f"{tmp_path}/cpuinfo is not there, cannot be read or is empty"


def test_equal_conditions_make_one_session(machine: Machine) -> None:
    session = conditions(machine).session(SCALE)
    write(machine.proc / "loadavg", "9.99 9.99 9.99 1/200 4711")
    write(machine.sysfs / "class/thermal/thermal_zone0/temp", "80000")
    assert conditions(machine).session(SCALE) == session
    assert len(session) == 8
    assert int(session, 16) >= 0


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("proc/sys/kernel/random/boot_id", "another"),
        (f"sys/{PROCESSORS}/cpufreq/policy1/scaling_governor", "powersave"),
        (f"sys/{PROCESSORS}/cpufreq/policy0/scaling_max_freq", "2000000"),
        (f"sys/{PROCESSORS}/intel_pstate/no_turbo", "0"),
        (f"sys/{PROCESSORS}/smt/control", "off"),
        (f"sys/{PROCESSORS}/cpu0/cpuidle/state2/disable", "0"),
        ("sys/class/power_supply/AC/online", "0"),
    ],
)
def test_another_setting_makes_another_session_and_is_named(
    machine: Machine, tmp_path: Path, file: str, text: str
) -> None:
    before = conditions(machine)
    write(tmp_path / file, text)
    assert conditions(machine).session(SCALE) != before.session(SCALE)
    assert len(differences(before, machine)) == 1


def test_joules_of_another_source_make_another_session(machine: Machine) -> None:
    found = conditions(machine)
    assert found.session(SCALE) != found.session({"name": "estimate", "kind": "estimated", "watts_per_core": 10.0})


def test_unchanged_conditions_have_no_differences(machine: Machine) -> None:
    assert differences(conditions(machine), machine) == []


def test_differences_name_the_setting_and_both_values(machine: Machine) -> None:
    before = conditions(machine)
    write(machine.sysfs / PROCESSORS / "intel_pstate/no_turbo", "0")
    assert differences(before, machine) == ["turbo: off became on"]


def test_a_battery_is_told_from_mains(machine: Machine) -> None:
    write(machine.sysfs / "class/power_supply/AC/online", "0")
    assert conditions(machine).lasting["supply"] == "battery"


def test_a_mouse_with_a_battery_is_no_supply(tmp_path: Path) -> None:
    write(tmp_path / "class/power_supply/mouse/type", "Battery")
    write(tmp_path / "class/power_supply/mouse/scope", "Device")
    assert conditions(Machine(sysfs=tmp_path, proc=tmp_path)).lasting["supply"] is None


def test_boost_is_turbo_too(tmp_path: Path) -> None:
    write(tmp_path / PROCESSORS / "cpufreq/boost", "1")
    assert conditions(Machine(sysfs=tmp_path, proc=tmp_path)).lasting["turbo"] == "on"
