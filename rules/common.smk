"""The study's settings, and what more than one rule needs."""

import json
import os
import sys
from hashlib import sha256
from pathlib import Path

from msgspec import to_builtins
from snakemake.exceptions import WorkflowError
from snakemake.utils import update_config

ROOT = str(Path(str(workflow.current_basedir)).parent)
if ROOT not in sys.path:  # ergit need not be installed where it is used as a module, or by conda
    sys.path.append(ROOT)

from ergit.config.fingerprint import build_fingerprint, mirror_fingerprint, reading_fingerprint, selection_fingerprint
from ergit.config.handover import hand_over, program_variables
from ergit.config.reading import from_command_line, load_yaml, read_config
from ergit.config.study_files import all_files, edited_files, note_study_files
from ergit.errors import ErgitError
from ergit.urls import public_url
from ergit.machine.doctor.report import refuse_unfit
from ergit.measuring.flags import limits_of
from ergit.records.aa_commit import read_aa_commit
from ergit.records.plan import read_plan
from ergit.records.readings import PROTOCOL

is_module_with_config = workflow.modifier.skip_configfile
if not (workflow.overwrite_configfiles or is_module_with_config):
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
    for path in workflow.configfiles:
        load_yaml(Path(path))  # refuses what Snakemake's own reading lets pass: doubled keys, misread words
    if not is_module_with_config:
        update_config(config, from_command_line(workflow.config_settings.config or {}))  # `--config` nests texts only
    settings = read_config(config)
except ErgitError as error:
    raise WorkflowError(str(error)) from None

# One measurement at a time, also where nobody says `--resources rapl=1`.
workflow.global_resources.setdefault("rapl", 1)

# Else a timer a job passes over all waiting jobs once a second, for every job done, while others measure.
if workflow.scheduling_settings:
    workflow.scheduling_settings.max_jobs_per_timespan = None

RESULTS = str(workflow.modifier.modify_path("results"))  # below the prefix, where ergit is used as a module

# The study's own files that commands use: an edited one builds and measures again.
study_files = all_files(settings)
files_note = Path(f"{RESULTS}/study-files.json")
is_new_study = not Path(f"{RESULTS}/commits.tsv").exists()
try:
    edited = edited_files(study_files, files_note, is_new=is_new_study)
except ErgitError as error:
    raise WorkflowError(str(error)) from None

# The programs find `ergit` and this very Python in the environment, and there the settings of this study. In `params` any
# change of a setting would build and measure everything again; which ones have to, the fingerprints say.
os.environ.update(program_variables())
SETTINGS = hand_over(settings)


onstart:
    note_study_files(study_files.names, files_note)
    # Before anything is spent: can this machine measure what the config asks for?
    if workflow.local_exec and measuring_may_follow():
        try:
            refuse_unfit(settings.measure)
        except ErgitError as error:
            raise WorkflowError(str(error)) from None


onsuccess:
    page = Path(f"{RESULTS}/{'noise' if noise_is_asked_for() else 'summary'}.md")
    if page.exists() and any(job.rule.name in ("summary", "noise_floor") for job in workflow.dag.jobs):
        print(page.read_text(encoding="utf-8"), file=sys.stderr)


onerror:
    # What the programs said; Snakemake itself, told to be quiet about its rules, is quiet about their errors too.
    failed = sorted(workflow.scheduler.failed, key=str)
    logs = [path for path in (Path(job.log[0]) for job in failed) if path.exists()]
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


def handed_over(wildcards, output):
    """The name under which a program finds the settings; since it takes `output`, Snakemake compares it with no last run."""
    return SETTINGS


def results_folder(wildcards, output):
    """Where the study's results are; like `handed_over` no reason to run a job again."""
    return RESULTS


def all_cores(wildcards):
    """Every core: nothing runs beside a measurement."""
    return workflow.cores


def measuring_order(wildcards):
    """Round after round; within a round the order that the seed gives."""
    key = f"{settings.measure.seed} {' '.join(wildcards)}"
    shuffled = int.from_bytes(sha256(key.encode()).digest()[:4])
    return (shuffled >> 12) - int(wildcards.round) * 2**20


def measuring_may_follow():
    """Whether this call measures, or may yet find out that there is something to measure."""
    leading = ("mirror", "select", "measure", "aa_commit", "measure_aa")
    return not settings.imported and any(job.rule.name in leading for job in workflow.dag.needrun_jobs())


def noise_is_asked_for():
    """Whether the noise floor is a target of this call."""
    return any(rule.name == "noise" for rule in workflow.dag.targetrules)


def readings_of_all_rounds(wildcards):
    """The records of every chosen commit in each of its rounds, in Git order; none where readings are imported."""
    if settings.imported:
        return []
    plan = read_plan(Path(checkpoints.select.get().output.plan))
    return [
        f"results/readings/{commit}/{round}.json"
        for commit, rounds in plan.rounds.items()
        for round in range(1, rounds + 1)
    ]


def readings_of_aa_commit(wildcards):
    """The records of every build of the A/A commit in every round of the noise floor."""
    return expand(
        "results/noise/{commit}/{build}/{round}.json",
        commit=read_aa_commit(Path(checkpoints.aa_commit.get().output[0])).commit,
        build=range(1, settings.noise.builds + 1),
        round=range(1, settings.noise.rounds + 1),
    )
