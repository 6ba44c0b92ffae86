"""Records of measuring jobs, made by hand."""

from typing import Any

import msgspec

from ergit.records.readings import JobRecord, Reading, SourceRecord

COUNTER = SourceRecord(name="pmu", kind="measured", domains=("package", "dram"), reason="the first that can be read")


def reading(**changes: Any) -> Reading:
    """A reading of 20 J in 2 s."""
    plain = Reading(
        repeat=1,
        attempt=1,
        warmup=False,
        status="ok",
        exit_code=0,
        signal=None,
        reason=None,
        started="2024-05-01T12:00:00.000000Z",
        duration_seconds=2.0,
        cpu_seconds=1.5,
        loops=1,
        joules={"package": 20.0, "dram": 3.0},
        counters=(),
        flags=(),
        conditions=None,
    )
    return msgspec.structs.replace(plain, **changes)


def record(commit: str, *readings: Reading, **changes: Any) -> JobRecord:
    """The record of one measuring job."""
    plain = JobRecord(
        commit=commit,
        round=1,
        status="measured",
        reason=None,
        workload={},
        measure={},
        java=None,
        source=COUNTER,
        session="s1",
        host="box",
        conditions={},
        idle=None,
        readings=readings,
    )
    return msgspec.structs.replace(plain, **changes)
