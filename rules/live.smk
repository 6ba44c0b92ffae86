"""What a run tells of itself while it goes on, and a command of the user's when it has ended (docs/live.md)."""

import atexit
import logging
from contextlib import suppress

from snakemake.logging import logger

from ergit.live.chatter import Chatter
from ergit.terminal import VARIABLE, screen_of


class Live(logging.Handler):
    """Hears when jobs start and end, and hands that on to ergit/live/run.py."""

    def __init__(self):
        super().__init__(logging.INFO)
        self.jobs = {}  # those that were started, by their numbers
        self.plan_has_changed = True
        self.run = None

    def emit(self, record):
        event = str(getattr(record, "event", ""))
        if event == "job_started" and is_told_of():
            self.start()
        elif event == "job_finished" and record.job_id in self.jobs:
            job = self.jobs.pop(record.job_id)
            self.plan_has_changed |= job.is_checkpoint
            self.run.finished(record.job_id)
        elif event == "job_error" and record.jobid in self.jobs:
            job = self.jobs.pop(record.jobid)
            is_told_last = was_interrupted() or not (is_module or goes_on())
            self.run.failed(record.jobid, None if is_told_last else failed_job(job).in_short())

    def start(self):
        """Hands on what begins now; the whole plan where a checkpoint has changed it."""
        if self.run is None:
            from ergit.live.run import LiveRun  # not above: plans need no statistics

            self.run = LiveRun(settings, Path(RESULTS), screen)
            workflow.scheduler.print_progress = True  # else Snakemake tells nobody that a job has ended
            atexit.register(end_of_run, self.run)  # as the last word, after what is registered when the run fails
        if self.plan_has_changed:
            self.run.plan(map(planned_job, filter(is_of_this_study, workflow.dag.jobs)))
            self.plan_has_changed = False
        running = [job for one in workflow.scheduler.running for job in (one if one.is_group() else [one])]
        running = filter(is_of_this_study, running)
        begun = {workflow.dag.jobid(job): job for job in running if workflow.dag.jobid(job) not in self.jobs}
        self.jobs |= begun
        if begun:
            self.run.started({number: planned_job(job) for number, job in begun.items()})


def planned_job(job):
    """A job as ergit/live/ knows it: its outputs by their names below the results."""
    from ergit.live.tally import PlannedJob

    outputs = tuple(str(path).removeprefix(f"{RESULTS}/") for path in job.output)
    is_left = workflow.dag.needrun(job) and not workflow.dag.finished(job)
    return PlannedJob(job.rule.name, outputs, is_left)


def is_told_of():
    """Whether there is a run to tell of: no dry run, none whose readings are imported, and not a job of one."""
    return workflow.is_main_process and not (workflow.dryrun or workflow.touch or settings.imported)


def goes_on():
    """Whether the run goes on when a job has just failed; where not, its last words tell at once why."""
    scheduler = workflow.scheduler
    return len(scheduler.running) > 1 or (scheduler.keepgoing and bool(scheduler.open_jobs))


def end_live(outcome):
    """Tells how the run has ended, before all that is printed then."""
    if live.run is not None:
        live.run.end(outcome)


def end_of_run(run):
    """The very last of a run: it has ended, and the command of the user's hears of it."""
    from ergit.live.notify import notify

    is_left = any(map(is_of_this_study, workflow.dag.needrun_jobs()))
    run.end(how_it_ended() if is_left else "done")  # where no handler has said it, as in a parent without them
    with suppress(KeyboardInterrupt):
        tell(notify(settings.notify, run.facts(), Path(RESULTS)))


is_silent = not {Quietness.ALL, Quietness.PROGRESS}.isdisjoint(workflow.output_settings.quiet or ())
if workflow.is_main_process:  # what it sets in the environment reaches jobs
    os.environ.pop(VARIABLE, None)
    if is_silent or is_module:
        os.environ[VARIABLE] = "nothing" if is_silent else "lines"
screen = screen_of(2)  # standard error, where Snakemake's own messages go
live = Live()
logger.addHandler(live)
if not (is_module or workflow.output_settings.dryrun or workflow.output_settings.verbose):
    for handler in logger.handlers:
        if isinstance(handler, logging.StreamHandler) and not isinstance(handler, logging.FileHandler):
            handler.addFilter(Chatter(screen))
