"""What happens when a run starts, succeeds or fails; a workflow that uses ergit as a module calls these itself."""

import logging

from snakemake.logging import logger

from ergit.config.handover import note_fit_machine
from ergit.config.study_files import note_study_files
from ergit.machine.doctor.report import refuse_unfit
from ergit.plugins.runs import begin_apart
from ergit.same_failures import is_hopeless, note_start_of_run


class EndOfHopelessRuns(logging.Handler):
    """Starts no further job once the log of a failed one says that all commits fail the same way."""

    def emit(self, record):
        if any(is_hopeless(Path(path)) for path in getattr(record, "log", None) or []):
            workflow.scheduler.keepgoing = False


note_start_of_run()
logger.addHandler(EndOfHopelessRuns(logging.ERROR))


onstart:
    # Else, for each job that was started, a timer makes Snakemake look through all waiting jobs while others measure. Its
    # default, 100 jobs a second, keeps no job from starting here; a limit that somebody asked for stays.
    limit = workflow.scheduling_settings.max_jobs_per_timespan
    if limit and (limit.max_jobs, limit.timespan) == (100, 1):
        workflow.scheduler.job_rate_limiter = None
    note_study_files(study_files.names, files_note)
    # Before anything is spent: can this machine measure what the config asks for?
    if workflow.local_exec and measuring_may_follow():
        try:
            refuse_unfit(settings.measure, Path(RESULTS))
            if any(stage.kind == "pre" for stage in stages):
                begin_apart(SETTINGS)
        except ErgitError as error:
            raise WorkflowError(str(error)) from None
        note_fit_machine(SETTINGS)


onsuccess:
    made = {str(path) for job in workflow.dag.jobs for path in job.output}
    page = next((page for page in (f"{RESULTS}/noise.md", f"{RESULTS}/summary.md") if page in made), None)
    if page and Path(page).exists():
        print(Path(page).read_text(encoding="utf-8"), file=sys.stderr)


onerror:
    # What the programs printed: with `quiet: rules`, Snakemake does not show the errors of rules either.
    failed = sorted(filter(is_of_this_study, workflow.scheduler.failed), key=str)
    logs = [Path(log) for job in failed for log in job.log[:1]]  # a user's rule may have none
    logs = [path for path in logs if path.exists() and path.stat().st_size]  # what a `script:` says stands above
    for path in logs[:3]:
        print(f"\nfrom {path}:\n{path.read_text(encoding='utf-8', errors='replace')[-2000:]}", file=sys.stderr)
    if len(logs) > 3:
        print(f"and {len(logs) - 3} more of such logs", file=sys.stderr)
