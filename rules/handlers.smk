"""What happens when a run starts, succeeds or fails; a workflow that uses ergit as a module calls these itself."""

import atexit
import gc
import logging

from snakemake.logging import logger

from ergit.config.handover import note_fit_machine
from ergit.config.study_files import note_study_files
from ergit.errors import SPEAKER, last_words
from ergit.machine.doctor.report import refuse_unfit
from ergit.planning.requests import forget_stop
from ergit.plugins.runs import begin_apart
from ergit.same_failures import is_hopeless, note_start_of_run


class EndOfHopelessRuns(logging.Handler):
    """Starts no further job once the log of a failed one says that all commits fail the same way."""

    def emit(self, record):
        if any(is_hopeless(Path(path)) for path in getattr(record, "log", None) or []):
            workflow.scheduler.keepgoing = False


def is_for_a_person(record):
    """Whether a message is none of those that Snakemake has of a failed job of ergit's, which are a command line each.

    What its log says stands at the end of the run; Snakemake's own log keeps all messages.
    """
    text = str(record.msg)
    of_a_job = getattr(record, "exception", None) == "RuleException" and f'in file "{ROOT}/rules/' in text
    return not of_a_job and not text.startswith("Exiting because a job execution failed")


def what_failed():
    """What the logs of failed jobs say, for a person: the first few of them."""
    failed = sorted(filter(is_of_this_study, workflow.scheduler.failed), key=str)
    logs = [Path(log) for job in failed for log in job.log[:1]]  # a user's rule may have none
    said = [(path, last_words(path)) for path in logs if path.exists() and path.stat().st_size]
    for path, words in said[:3]:
        yield f"{words}\n  (from {path})" if words.startswith(SPEAKER) else f"from {path}:\n{words}"
    if len(said) > 3:
        yield f"and {len(said) - 3} more of such logs"


def tell(lines):
    """Prints lines for a person, unless nothing is to be printed at all."""
    if not is_quiet:
        print(*lines, sep="\n", end="\n" if lines else "", file=sys.stderr)


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
for handler in logger.handlers:
    if not isinstance(handler, logging.FileHandler):
        handler.addFilter(is_for_a_person)
logger.addHandler(EndOfHopelessRuns(logging.ERROR))


onstart:
    # What was planned stays to the end: Python need not look through it for garbage, least of all while others measure.
    gc.freeze()
    gc.enable()
    # Else, for each job that was started, a timer makes Snakemake look through all waiting jobs while others measure. Its
    # default, 100 jobs a second, keeps no job from starting here; a limit that somebody asked for stays.
    limit = workflow.scheduling_settings.max_jobs_per_timespan
    if limit and (limit.max_jobs, limit.timespan) == (100, 1):
        workflow.scheduler.job_rate_limiter = None
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
    made = {str(path) for job in workflow.dag.jobs for path in job.output}
    page = next((page for page in (f"{RESULTS}/noise.md", f"{RESULTS}/summary.md") if page in made), None)
    if page and Path(page).exists():
        print(Path(page).read_text(encoding="utf-8"), file=sys.stderr)
    for forecast in begun_forecasts:
        tell(forecast.end())


onerror:
    # As the last words of all, since Snakemake says where its own log is, and that a job failed, after this.
    atexit.register(print, *what_failed(), sep="\n\n", file=sys.stderr)
