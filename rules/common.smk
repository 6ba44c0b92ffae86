"""The study's settings, and what more than one rule needs."""

import json
import logging
import os
import sys
from hashlib import sha256
from pathlib import Path

from msgspec import to_builtins
from snakemake.exceptions import WorkflowError
from snakemake.logging import logger
from snakemake.settings.types import DeploymentMethod
from snakemake.utils import update_config

ROOT = str(Path(str(workflow.current_basedir)).parent)
if ROOT not in sys.path:  # ergit need not be installed where it is used as a module, or by conda
    sys.path.append(ROOT)

from ergit.config.fingerprint import build_fingerprint, mirror_fingerprint, reading_fingerprint, selection_fingerprint
from ergit.config.handover import (
    command_of_python,
    hand_over,
    note_fit_machine,
    program_variables,
    variables_beside_others,
)
from ergit.config.reading import from_command_line, load_yaml, read_config
from ergit.config.study_files import all_files, edited_files, note_study_files
from ergit.errors import ErgitError
from ergit.urls import public_url
from ergit.machine.doctor.report import refuse_unfit
from ergit.measuring.flags import limits_of
from ergit.measuring.stages import order as order_of_stages
from ergit.plugins.files import enabled_stages
from ergit.plugins.runs import begin_apart
from ergit.records.aa_commit import read_aa_commit
from ergit.records.plan import read_plan
from ergit.records.readings import PROTOCOL, retake_mark
from ergit.same_failures import is_hopeless, note_start_of_run

is_module = not workflow.modifier.is_main_snakefile()
if is_module and not workflow.modifier.skip_configfile:
    raise WorkflowError("The module statement hands no config over to ergit: add `config: config`, or a part of it.")
if not (is_module or workflow.overwrite_configfiles):
    study = Path("config/config.yaml")
    if not study.exists() and Path(ROOT) != Path.cwd():
        raise WorkflowError(
            f"There is no {study} in {Path.cwd()}. Make one, or name the study's config with --configfile."
        )
    try:
        load_yaml(study)  # says in which line an error is
    except ErgitError as error:
        raise WorkflowError(str(error)) from None

    configfile: study


try:
    if not is_module:  # a parent's files hold other things too
        for file in workflow.configfiles:
            load_yaml(Path(file))  # refuses what Snakemake's own reading lets pass: doubled keys, misread words
        update_config(config, from_command_line(workflow.config_settings.config or {}))  # `--config` nests texts only
    settings = read_config(config)
except ErgitError as error:
    kind = " It is what the module statement hands over to ergit: a study's keys, and no others." if is_module else ""
    raise WorkflowError(f"{error}{kind}") from None

# One measurement at a time, also where nobody says `--resources rapl=1`.
workflow.global_resources.setdefault("rapl", 1)

RESULTS = str(Path(workflow.modifier.modify_path("results/mirror.json")).parent)  # where a module statement puts them

# The study's own files that commands use, and its stages: an edited one builds and measures again.
study_files = all_files(settings)
files_note = Path(f"{RESULTS}/study-files.json")
is_new_study = not Path(f"{RESULTS}/commits.tsv").exists()
try:
    edited = edited_files(study_files, files_note, is_new=is_new_study)
    stages = () if settings.imported else enabled_stages(settings.modules_enabled)
    order_of_stages([stage for stage in stages if stage.kind == "batch"])  # refuses a position that there is not
except ErgitError as error:
    raise WorkflowError(str(error)) from None

# The programs find `ergit` and this very Python in the environment, and there the settings of this study. In `params` any
# change of a setting would build and measure everything again; which ones have to, the fingerprints say.
SETTINGS = hand_over(settings, stages, RESULTS)
PYTHON = "python3"  # as jobs call it
if is_module:  # the parent's own jobs keep their PATH
    PYTHON = command_of_python(with_conda=DeploymentMethod.CONDA in workflow.deployment_settings.deployment_method)
    os.environ.update(variables_beside_others())
else:
    os.environ.update(program_variables())

# Snakemake writes `config` to disk for every job with `script:`; those need no user and password.
config = {**config, "repository": {**config["repository"], "url": public_url(settings.repository.url)}}
note_start_of_run()


class EndOfHopelessRuns(logging.Handler):
    """Starts no further job once the log of a failed one says that all commits fail the same way."""

    def emit(self, record):
        if any(is_hopeless(Path(path)) for path in getattr(record, "log", None) or []):
            workflow.scheduler.keepgoing = False


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
    # What the programs said; Snakemake itself, told to be quiet about its rules, is quiet about their errors too.
    failed = sorted(filter(is_of_this_study, workflow.scheduler.failed), key=str)
    logs = [Path(log) for job in failed for log in job.log[:1] if Path(log).exists()]  # a user's rule may have none
    for path in logs[:3]:
        print(f"\nfrom {path}:\n{path.read_text(encoding='utf-8', errors='replace')[-2000:]}", file=sys.stderr)
    if len(logs) > 3:
        print(f"and {len(logs) - 3} more of such logs", file=sys.stderr)


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


def or_retake(fingerprint):
    """A fingerprint of readings, which is another one where they were to be taken again and were not.

    Snakemake notes no param that depends on the output, so the path of the record is made of the wildcards.
    """

    def of_readings(wildcards):
        path = "noise/{commit}/{build}/{round}" if "build" in wildcards.keys() else "readings/{commit}/{round}"
        return fingerprint + retake_mark(Path(RESULTS, f"{path.format(**wildcards)}.json"))

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
    return [f"results/readings/{commit}/{round}.json" for commit, round in plan.readings(settings.measure.rounds)]


def readings_of_aa_commit(wildcards):
    """The records of every build of the A/A commit in every round of the noise floor."""
    return expand(
        "results/noise/{commit}/{build}/{round}.json",
        commit=read_aa_commit(Path(checkpoints.aa_commit.get().output[0])).commit,
        build=range(1, settings.noise.builds + 1),
        round=range(1, settings.noise.rounds + 1),
    )
