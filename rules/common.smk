"""What more than one rule needs."""

import json
from functools import lru_cache
from hashlib import sha256
from inspect import signature

from msgspec import structs, to_builtins
from snakemake.common import overwrite_function_params
from snakemake.settings.types import Quietness

from ergit.config.fingerprint import build_fingerprint, mirror_fingerprint, reading_fingerprint, selection_fingerprint
from ergit.config.names import resolved_later
from ergit.config.settings import CommitFilters, NotifySettings
from ergit.importing.files import matching
from ergit.java.jdks import jdks_here
from ergit.measuring.flags import limits_of
from ergit.planning.batches import round_in_batch, turn
from ergit.records.aa_commit import read_aa_commit
from ergit.records.jdks import read_jdks
from ergit.records.common_tests import common_mark
from ergit.records.plan import read_plan
from ergit.records.readings import PROTOCOL
from ergit.records.retakes import retake_mark
from ergit.records.workload import workload_mark

workload_source = settings.workload and settings.workload.source  # a commit: the workload is held fixed
try:
    imported_files = [str(path) for path in matching(settings.imported)]
except ErgitError as error:
    raise WorkflowError(str(error)) from None

reports_are_read = bool(not settings.imported and settings.workload and settings.workload.reports)
tests_are_common = bool(reports_are_read and settings.workload.tests == "common")
common_tests_file = ancient("results/tests/common.json") if tests_are_common else []

BATCH = 2**30  # more than all rounds of a batch take off a priority


is_quiet = Quietness.ALL in (workflow.output_settings.quiet or ())


wildcard_constraints:
    commit="[0-9a-f]{40}",
    build="[0-9]+",
    round="[0-9]+",


def parameters_known(function):
    """The function; Snakemake need not find out its parameters anew for each of thousands of jobs."""
    overwrite_function_params(function, signature(function).parameters)
    return function


def reuse_settings():
    """What decides which commits are measured once; None where each is measured."""
    if settings.imported or not settings.inputs.reuse:
        return None
    releases = settings.java.releases if settings.java else ()
    return to_builtins({"inputs": settings.inputs, "replaced": settings.workload.paths, "releases": releases})


def named_later():
    """A param with the commits that are named for the gate, the noise floor and the changes; none where none is."""
    named = [[named.key, named.text] for named in resolved_later(settings)]
    return {"named_later": literally(named)} if named else {}


def literally(value):
    """A param as it is: braces in a user's text are no wildcards."""
    return parameters_known(lambda wildcards: value)


@parameters_known
def python(wildcards, output):
    """How jobs call Python; like `handed_over` no reason to run a job again."""
    return PYTHON


@parameters_known
def handed_over(wildcards, output):
    """The name under which a program finds the settings; since it takes `output`, Snakemake compares it with no last run."""
    return SETTINGS


@parameters_known
def results_folder(wildcards, output):
    """Where the study's results are; like `handed_over` no reason to run a job again."""
    return RESULTS


def of_workload(fingerprint):
    """A fingerprint of builds, with the commit of the workload where that is held fixed."""

    @parameters_known
    def with_its_commit(wildcards):
        return fingerprint + workload_mark(Path(RESULTS, "workload.json"), workload_source)

    return with_its_commit if workload_source else literally(fingerprint)


@parameters_known
def changes_handed_over(wildcards, output):
    """The part `changes` of the config; like `handed_over` no reason to run a job again."""
    return json.dumps(to_builtins(settings.changes))


@parameters_known
def progress(wildcards, output):
    """Where a program tells its progress: on the terminal, unless nothing is to be printed at all."""
    return "" if is_quiet else "--progress 3"


def or_retake(fingerprint):
    """A fingerprint of readings, which is another one where they were to be taken again and were not.

    Snakemake notes no param that depends on the output, so the path of the record is made of the wildcards.
    """

    @parameters_known
    def of_readings(wildcards):
        path = "noise/{commit}/{build}/{round}" if "build" in wildcards.keys() else "readings/{commit}/{round}"
        marks = common_mark(Path(RESULTS, "tests/common.json")) if tests_are_common else ""
        marks += retake_mark(Path(RESULTS, f"{path.format(**wildcards)}.json"))
        return of_workload(fingerprint)(wildcards) + marks

    return of_readings


def retake_of(name):
    """A param that is another one where a file of the results that stays was to be made anew, and was not."""
    return parameters_known(lambda wildcards: retake_mark(Path(RESULTS, name)))


@parameters_known
def names_of_jdks_here():
    """The JDKs of this machine; none where they cannot be looked for, which the job itself says."""
    try:
        return [f"{jdk.version} {jdk.home}" for jdk in jdks_here(settings.java.search)]
    except ErgitError:
        return []


def jdk_of_study(wildcards):
    """The list of JDKs, where it has the one for all commits."""
    return ancient("results/jdks.json") if settings.java and settings.java.policy == "one" else []


@lru_cache(maxsize=1)
def releases_of_commits(changed):
    """What `java.releases` means, by commit, as it stood in the list of JDKs at that time of change."""
    return read_jdks(Path(f"{RESULTS}/jdks.json")).releases


def asked_of_commit(wildcards):
    """What the config says of a commit's JDK: where another release is set, only these commits are built again."""
    java = settings.java
    if java is None:
        return None
    path = Path(f"{RESULTS}/jdks.json")
    set_for_it = releases_of_commits(path.stat().st_mtime_ns) if java.releases and path.exists() else {}
    policy = [] if java.policy == "asked" else [to_builtins(java.policy)]
    return [set_for_it.get(wildcards.commit, java.release), java.directory, *policy]


def all_cores(wildcards):
    """Every core: nothing runs beside a measurement."""
    return workflow.cores


def plan_in_batches():
    """The plan of a study that works in batches; None where all commits are one batch, as for the noise floor."""
    path = Path(f"{RESULTS}/plan.json")
    return read_plan_of(path, path.stat().st_mtime_ns) if settings.plan.batch and path.exists() else None


@lru_cache(maxsize=1)
def read_plan_of(path, changed):
    """The plan as it was at that time of change: thousands of jobs ask for it."""
    return read_plan(path)


@parameters_known
def building_order(wildcards):
    """Batch after batch: each is built before it is measured, and after the readings of those before it."""
    plan = plan_in_batches()
    if plan is None or wildcards.commit in plan.anchors:
        return 0
    return -turn(plan, plan.batch_of(wildcards.commit, 1), newest_first=settings.plan.newest_first) * BATCH


@parameters_known
def measuring_order(wildcards):
    """Batch after batch, round after round; within a round the order that the seed gives."""
    key = f"{settings.measure.seed} {' '.join(wildcards)}"
    shuffled = int.from_bytes(sha256(key.encode()).digest()[:4])
    plan, number = plan_in_batches(), int(wildcards.round)
    if plan is None or "build" in wildcards.keys():
        return (shuffled >> 12) - number * 2**20
    batch = turn(plan, plan.batch_of(wildcards.commit, number), newest_first=settings.plan.newest_first)
    return (shuffled >> 12) - round_in_batch(plan, number) * 2**20 - batch * BATCH


@parameters_known
def batch_of_job(wildcards, output):
    """The size of batches and the number of the one in which a commit is measured, as an option of the program."""
    plan = plan_in_batches()
    if plan is None or "build" in wildcards.keys():
        return ""
    return f"--batch {settings.plan.batch}:{plan.batch_of(wildcards.commit, int(wildcards.round))}"


def is_of_this_study(job):
    """Whether a job is none of a parent workflow's own, nor of another study: it writes below the study's results."""
    return not is_module or any(str(path).startswith(f"{RESULTS}/") for path in (*job.output, *job.log))


def measuring_may_follow():
    """Whether this call measures, or may yet find out that there is something to measure.

    It may where a checkpoint is to run, and then something that takes readings: `--until forecast` ends before.
    """
    jobs = list(filter(is_of_this_study, workflow.dag.needrun_jobs()))
    measures = any("rapl" in job.rule.resources for job in jobs)
    takes_readings = any(
        getattr(item, "__name__", "") in ("readings_of_all_rounds", "readings_of_aa_commit")
        for job in jobs
        for item in job.rule.input
    )
    return not settings.imported and (measures or (takes_readings and any(job.is_checkpoint for job in jobs)))


def readings_of_all_rounds(wildcards):
    """The records of every chosen commit in each of its rounds, in Git order; none where readings are imported."""
    if settings.imported:
        return []
    plan = read_plan(Path(checkpoints.select.get().output.plan))
    await_forecast()
    await_workload()
    await_common_tests()
    return [f"results/readings/{commit}/{round}.json" for commit, round in plan.readings(settings.measure.rounds)]


def builds_of_all_commits(wildcards):
    """The records of the builds of all chosen commits, in Git order."""
    plan = read_plan(Path(checkpoints.select.get().output.plan))
    await_forecast()
    await_workload()
    return [f"results/build/{commit}.json" for commit in plan.rounds]


def await_forecast():
    """Holds back what is built and measured until the forecast is told.

    Not in a study that was begun before there were forecasts: all its jobs are known. `onstart` makes its first one.
    But where releases are set for some commits, the list of JDKs says which, and it comes before the forecast.
    """
    has_releases = settings.java and settings.java.releases
    is_begun = any(Path(f"{RESULTS}/build").glob("*.json"))
    if has_releases or Path(f"{RESULTS}/forecast.json").exists() or not is_begun:
        checkpoints.forecast.get()


def await_workload():
    """Holds back what is built and measured until it is known of which commit a fixed workload is."""
    if workload_source:
        checkpoints.workload.get()


def await_common_tests():
    """Holds back what is measured until the tests of all commits are known, where only common ones are to run."""
    if tests_are_common:
        checkpoints.common_tests.get()


def found_tests(wildcards):
    """The records of the tests of all commits."""
    plan = read_plan(Path(checkpoints.select.get().output.plan))
    await_workload()
    return [f"results/tests/{commit}.json" for commit in plan.rounds]


@parameters_known
def meaning_of_readings(wildcards):
    """What is equal while the same command runs on equal builds, in few letters."""
    text = of_workload(reading_fingerprint(settings, edited, stages))(wildcards)
    return sha256(text.encode()).hexdigest()[:16]


def readings_of_aa_commit(wildcards):
    """The records of every build of the A/A commit in every round of the noise floor."""
    await_workload()
    await_common_tests()
    return expand(
        "results/noise/{commit}/{build}/{round}.json",
        commit=read_aa_commit(Path(checkpoints.aa_commit.get().output[0])).commit,
        build=range(1, settings.noise.builds + 1),
        round=range(1, settings.noise.rounds + 1),
    )


@parameters_known
def noise_measured(wildcards):
    """The noise floor's record, which no rule of the plain command makes; with another one the report is made anew."""
    record = Path(RESULTS, "noise.json")
    return sha256(record.read_bytes()).hexdigest() if record.exists() else None
