"""What happens when a run starts, succeeds or fails; a workflow that uses ergit as a module calls these itself."""

import atexit
import gc
import logging
import signal

from msgspec import structs
from snakemake.dag import DAG
from snakemake.logging import logger

from ergit.config.fingerprint import fingerprints_of_records
from ergit.config.handover import compile_programs, note_fit_machine
from ergit.config.study_files import note_study_files
from ergit.errors import last_words
from ergit.machine.doctor.report import refuse_unfit
from ergit.planning.requests import forget_stop
from ergit.planning.turn import was_asked_for
from ergit.plugins.runs import begin_apart
from ergit.same_failures import is_hopeless, note_start_of_run
from ergit.starting.ending import INTERRUPTED, FailedJob, last_lines
from ergit.starting.messages import Listener
from ergit.starting.unnoted import made_otherwise


class EndOfHopelessRuns(logging.Handler):
    """Starts no further job once the log of a failed one says that all commits fail the same way."""

    def emit(self, record):
        if any(is_hopeless(Path(path)) for path in getattr(record, "log", None) or []):
            workflow.scheduler.keepgoing = False


def failed_job(job):
    """A job that failed, with its log and with what killed it."""
    killed_by = listener.signals.get(workflow.dag.jobid(job))
    return FailedJob(job.rule.name, dict(job.wildcards.items()), next(map(Path, job.log), None), killed_by)


def what_failed(logs):
    """The last words of a run that did not finish; where it was interrupted, that it was comes after them."""
    failed = sorted(filter(is_of_this_study, workflow.scheduler.failed), key=str)
    jobs = [failed_job(job) for job in failed]
    yield from last_lines(jobs, logs, is_interrupted=was_interrupted())


def how_it_ended():
    """How a run ended that did not finish."""
    if was_interrupted():
        return "interrupted"
    logs = [path for job in workflow.scheduler.failed for path in map(Path, job.log) if path.exists()]
    return "stopped" if any(was_asked_for(last_words(log)) for log in logs) else "failed"


def was_interrupted():
    """Whether somebody has ended the run, and no job of it."""
    return listener.is_interrupted or workflow.scheduler._user_kill is not None


def tell(lines):
    """Prints lines for a person, unless nothing is to be printed at all."""
    if not is_quiet:
        print(*lines, sep="\n", end="\n" if lines else "", file=sys.stderr)


def with_jobs_after_checkpoints(check_incomplete):
    """Snakemake's look for what a kill left behind, which it takes before it knows the jobs that follow a checkpoint."""

    async def check_all(dag):
        await check_incomplete(dag)
        if dag.workflow.dag_settings.force_incomplete and not dag.ignore_incomplete:
            now = fingerprints_of_records(settings, edited, stages)
            if tests_are_common:  # which tests these are is known later
                now = structs.replace(now, readings=None)
            markers = Path(dag.workflow.persistence.path, "incomplete")
            dag.forcefiles.update(made_otherwise(markers, RESULTS, now))

    return check_all


def begin_forecast():
    """Tells what is left to do; where its commits are yet to be chosen, the checkpoint `forecast` does."""
    from ergit.forecast import noise  # not above: runs that measure nothing need no statistics
    from ergit.forecast.forecast import study_settings
    from ergit.forecast.run import RunForecast, work_of

    jobs = filter(is_of_this_study, workflow.dag.needrun_jobs())
    outputs = [str(path) for job in jobs for path in job.output]
    work = None if f"{RESULTS}/forecast.json" in outputs else work_of(outputs, RESULTS)
    forecast = RunForecast(Path(RESULTS))
    tell(forecast.begin(study_settings(settings, settings.changes), work))
    begun_forecasts.append(forecast)
    noise_work = noise.noise_work_of(outputs, RESULTS, settings.noise)
    if noise_work:
        tell(noise.lines(Path(RESULTS), settings.measure, noise_work))


begun_forecasts = []
note_start_of_run()
listener = Listener()
logger.addHandler(listener)
logger.addHandler(EndOfHopelessRuns(logging.ERROR))
DAG.check_incomplete = with_jobs_after_checkpoints(DAG.check_incomplete)


onstart:
    # What was planned stays to the end: Python need not look through it for garbage, least of all while others measure.
    gc.freeze()
    gc.enable()
    # Else, for each job that was started, a timer makes Snakemake look through all waiting jobs while others measure. Its
    # default, 100 jobs a second, keeps no job from starting here; a limit that somebody asked for stays.
    limit = workflow.scheduling_settings.max_jobs_per_timespan
    if limit and (limit.max_jobs, limit.timespan) == (100, 1):
        workflow.scheduler.job_rate_limiter = None
    compile_programs()
    note_study_files(study_files.names, files_note)
    forget_stop(Path(RESULTS))
    # Before anything is spent: can this machine measure what the config asks for?
    if workflow.local_exec and measuring_may_follow():
        try:
            refuse_unfit(settings.measure, Path(RESULTS), sandbox=settings.sandbox)
            if any(stage.kind == "pre" for stage in stages):
                begin_apart(SETTINGS)
        except ErgitError as error:
            raise WorkflowError(str(error)) from None
        note_fit_machine(SETTINGS)
    if measuring_may_follow():
        begin_forecast()


onsuccess:
    end_live("done")
    made = {str(path) for job in workflow.dag.jobs for path in job.output}
    pages = (f"{RESULTS}/{name}.md" for name in ("noise", "gate", "summary"))
    page = next((page for page in pages if page in made), None)
    if page and Path(page).exists():
        tell([Path(page).read_text(encoding="utf-8")])
    for forecast in begun_forecasts:
        tell(forecast.end())


onerror:
    end_live(how_it_ended())
    # As the last words of all: Snakemake says where its own log is after this.
    # `ergit run`, which handles SIGINT, says itself that it was interrupted.
    if was_interrupted() and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        atexit.register(print, INTERRUPTED, file=sys.stderr)  # what is registered last is called first
    atexit.register(print, *what_failed(log), sep="", end="", file=sys.stderr)
