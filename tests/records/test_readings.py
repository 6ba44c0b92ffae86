"""Records of measuring jobs: what readings share is written once, and old records are read as they are."""

import json
import tarfile
from pathlib import Path

import msgspec
from msgspec.structs import replace

from ergit.records.readings import Counter, JobRecord, WindowConditions, read_readings, write_readings
from tests.fakes.job_records import reading, record

COMMIT = "0123456789abcdef0123456789abcdef01234567"
OLD = Path(__file__).parents[1] / "old_study/study-0.1.0.tar.xz"
UNKNOWN = {
    "throttles": "no processor counts its throttling (thermal_throttle)",
    "frequency_megahertz_before": "no file devices/system/cpu/cpufreq/policy*/scaling_cur_freq holds a value",
    "celsius_before": "no temperature sensor is used",
}


def five_readings() -> JobRecord:
    """A job of five readings with three counters and all conditions; the last lacks one thing more."""
    conditions = WindowConditions(
        waited_seconds=0.25411,
        foreign_cores_before=0.0173,
        foreign_cpu_seconds=0.0182,
        interrupt_seconds=0.0,
        steal_seconds=0.0,
        suspended_seconds=0.0,
        pressure_seconds={"cpu": 0.01, "io": 0.0, "memory": 0.0},
        window_seconds=20.0254,
        processors=16,
        check_seconds=0.2541,
        steal_cores_before=0.0,
        unfinished_cpu_seconds=0.0,
        still_running=(),
        missing=UNKNOWN,
    )
    counters = tuple(
        Counter(
            name=f"power/energy-{name}/",
            domain=domain,
            unit="2^-32 J",
            before=10**15,
            after=10**15 + 10**12,
            range=2**64 - 1,
            samples=(),
        )
        for name, domain in (("pkg", "package"), ("ram", "dram"), ("cores", "core"))
    )
    readings = [reading(repeat=n, conditions=conditions, counters=counters) for n in range(1, 6)]
    more = replace(conditions, pressure_seconds=None, missing=UNKNOWN | {"pressure_seconds": "no /proc/pressure"})
    readings[-1] = replace(readings[-1], conditions=more)
    facts = {f"fact_{n}": "no file devices/system/cpu/intel_pstate/min_perf_pct holds a value" for n in range(30)}
    return record(COMMIT, *readings, conditions=facts, workload={"command": "java -jar benchmark.jar"})


def test_a_record_is_read_as_it_was_written(tmp_path: Path) -> None:
    written = five_readings()
    write_readings(tmp_path / "1.json", written)
    assert read_readings(tmp_path / "1.json") == written


def test_what_readings_share_is_written_once_and_a_reading_takes_less_than_2_kilobytes(tmp_path: Path) -> None:
    path = tmp_path / "1.json"
    write_readings(path, five_readings())
    text = path.read_text(encoding="utf-8")
    assert [text.count(why) for why in (*UNKNOWN.values(), "no /proc/pressure")] == [1, 1, 1, 1]
    assert path.stat().st_size / 5 < 2000


def test_a_reading_is_a_line_of_its_file(tmp_path: Path) -> None:
    path = tmp_path / "1.json"
    write_readings(path, five_readings())
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line.startswith(' {"repeat":')]
    assert [json.loads(line.rstrip(","))["repeat"] for line in lines] == [1, 2, 3, 4, 5]


def test_a_record_without_readings_or_windows_is_read_as_it_was_written(tmp_path: Path) -> None:
    for number, made in enumerate([record(COMMIT), record(COMMIT, reading(status="failed", reason="x", joules={}))]):
        write_readings(tmp_path / f"{number}.json", made)
        assert read_readings(tmp_path / f"{number}.json") == made


def test_records_of_0_1_0_are_read_with_all_that_they_hold(tmp_path: Path) -> None:
    with tarfile.open(OLD) as archive:
        archive.extractall(tmp_path, filter="tar")
    found = sorted((tmp_path / "work/results/readings").glob("*/1.json"))
    assert found
    for path in found:
        held = json.loads(path.read_text(encoding="utf-8"))
        read = json.loads(msgspec.json.encode(read_readings(path)))
        for old, new in zip(held["readings"], read["readings"], strict=True):
            conditions = new.pop("conditions")
            assert (old.pop("conditions") or {}).items() <= (conditions or {}).items()
            assert {name: new[name] for name in old if name != "counters"} | {"counters": old["counters"]} == old
