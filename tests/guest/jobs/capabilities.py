"""The capabilities that a measured command has, where the study holds CAP_PERFMON."""

import re
import tempfile
from pathlib import Path

from tests.guest.guest import run_job, settings

if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        status, record, printed = run_job(
            Path(folder), settings("grep -E 'Cap(Eff|Amb)' /proc/self/status; sleep 0.2", source="pmu", repeats=1)
        )
        log = record.with_suffix(".output.log")
        found = re.findall(r"(Cap\w+):\s*(\w+)", log.read_text()) if log.exists() else []
        print(
            " ".join(f"{name} {value}" for name, value in dict(found).items()) or f"status {status}: {printed[-300:]}"
        )
