"""What more than one rule needs."""

import json
from hashlib import sha256

from msgspec import to_builtins

from ergit.config.fingerprint import build_fingerprint, mirror_fingerprint, reading_fingerprint, selection_fingerprint
from ergit.measuring.flags import limits_of
from ergit.records.aa_commit import read_aa_commit
from ergit.records.plan import read_plan
from ergit.records.readings import PROTOCOL, retake_mark
from ergit.records.workload import workload_mark

workload_source = settings.workload and settings.workload.source  # a commit: the workload is held fixed


wildcard_constraints:
    commit="[0-9a-f]{40}",
    build="[0-9]+",
    round="[0-9]+",


def literally(value):
    """A param as it is: braces in a user's text are no wildcards."""
    return lambda wildcards: value


def python(wildcards, output):
    """How jobs call Python; like `handed_over` no reason to run a job again."""
    return PYTHON


def handed_over(wildcards, output):
    """The name under which a program finds the settings; since it takes `output`, Snakemake compares it with no last run."""
    return SETTINGS


def results_folder(wildcards, output):
    """Where the study's results are; like `handed_over` no reason to run a job again."""
    return RESULTS


def of_workload(fingerprint):
    """A fingerprint of builds, with the commit of the workload where that is held fixed."""

    def with_its_commit(wildcards):
        return fingerprint + workload_mark(Path(RESULTS, "workload.json"), workload_source)

    return with_its_commit if workload_source else literally(fingerprint)


def or_retake(fingerprint):
    """A fingerprint of readings, which is another one where they were to be taken again and were not.

    Snakemake notes no param that depends on the output, so the path of the record is made of the wildcards.
    """

    def of_readings(wildcards):
        path = "noise/{commit}/{build}/{round}" if "build" in wildcards.keys() else "readings/{commit}/{round}"
        return of_workload(fingerprint)(wildcards) + retake_mark(Path(RESULTS, f"{path.format(**wildcards)}.json"))

    return of_readings


def all_cores(wildcards):
    """Every core: nothing runs beside a measurement."""
    return workflow.cores


def measuring_order(wildcards):
    """Round after round; within a round the order that the seed gives."""
    key = f"{settings.measure.seed} {' '.join(wildcards)}"
    shuffled = int.from_bytes(sha256(key.encode()).digest()[:4])
    return (shuffled >> 12) - int(wildcards.round) * 2**20


def is_of_this_study(job):
    """Whether a job is none of a parent workflow's own, nor of another study: it writes below the study's results."""
    return not is_module or any(str(path).startswith(f"{RESULTS}/") for path in (*job.output, *job.log))


def measuring_may_follow():
    """Whether this call measures, or may yet find out that there is something to measure."""
    jobs = filter(is_of_this_study, workflow.dag.needrun_jobs())
    return not settings.imported and any(job.is_checkpoint or "rapl" in job.rule.resources for job in jobs)


def readings_of_all_rounds(wildcards):
    """The records of every chosen commit in each of its rounds, in Git order; none where readings are imported."""
    if settings.imported:
        return []
    plan = read_plan(Path(checkpoints.select.get().output.plan))
    await_workload()
    return [f"results/readings/{commit}/{round}.json" for commit, round in plan.readings(settings.measure.rounds)]


def await_workload():
    """Holds back what is built and measured until it is known of which commit a fixed workload is."""
    if workload_source:
        checkpoints.workload.get()


def readings_of_aa_commit(wildcards):
    """The records of every build of the A/A commit in every round of the noise floor."""
    await_workload()
    return expand(
        "results/noise/{commit}/{build}/{round}.json",
        commit=read_aa_commit(Path(checkpoints.aa_commit.get().output[0])).commit,
        build=range(1, settings.noise.builds + 1),
        round=range(1, settings.noise.rounds + 1),
    )
