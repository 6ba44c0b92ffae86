"""Settings of jobs that have a plan."""

from pathlib import Path
from typing import Any

from ergit.config.settings import BuildSettings, JobSettings, MeasureSettings, PlanSettings, RepositorySettings


def planned_job(results: Path, **plan: Any) -> JobSettings:
    """The settings of a job with that plan, whose results are in the folder."""
    return JobSettings(
        repository=RepositorySettings(url="demo"),
        java=None,
        build=BuildSettings(),
        workload=None,
        measure=MeasureSettings(),
        plan=PlanSettings(**plan),
        results=str(results),
    )
