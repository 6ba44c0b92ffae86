"""The settings of the study: read, checked, and handed over to the programs of its jobs."""

import os
import sys
from pathlib import Path

from snakemake.exceptions import WorkflowError
from snakemake.logging import logger
from snakemake.settings.types import DeploymentMethod
from snakemake.utils import update_config

ROOT = str(Path(str(workflow.current_basedir)).parent)
if ROOT not in sys.path:  # ergit need not be installed where it is used as a module, or by conda
    sys.path.append(ROOT)

from ergit.config.handover import command_of_python, hand_over, program_variables, variables_beside_others
from ergit.config.reading import STUDY_CONFIG, config_in, from_command_line, load_yaml, read_config
from ergit.config.study_files import all_files, edited_files
from ergit.disk import FOLDERS_OF_SNAKEMAKE, refuse_unwritable
from ergit.errors import ErgitError
from ergit.starting.messages import show_to_person
from ergit.urls import public_url
from ergit.measuring.stages import order as order_of_stages
from ergit.planning.heat import announce
from ergit.plugins.files import enabled_stages


def names_of_targets():
    """The names of all rules that may be asked for: those without a job for each commit."""
    return sorted(rule.name for rule in workflow.rules if not rule.has_wildcards())


is_module = not workflow.modifier.is_main_snakefile()
# From here on: the errors below are sentences.
show_to_person(logger, Path(ROOT), is_ending_told=not is_module, targets=None if is_module else names_of_targets)
if is_module and not workflow.modifier.skip_configfile:
    raise WorkflowError("The module statement hands no config over to ergit: add `config: config`, or a part of it.")
if not (is_module or workflow.overwrite_configfiles):
    remedy = "Make one, or name the study's config with --configfile."
    try:
        load_yaml(config_in(Path(), remedy))  # says in which line an error is
    except ErgitError as error:
        raise WorkflowError(str(error)) from None

    configfile: STUDY_CONFIG


try:
    if not is_module:  # a parent's files hold other things too
        for file in workflow.configfiles:
            load_yaml(Path(file))  # refuses what Snakemake's own reading lets pass: doubled keys, misread words
        update_config(config, from_command_line(workflow.config_settings.config or {}))  # `--config` nests texts only
    written_in = [] if is_module or workflow.config_settings.config else list(map(Path, workflow.configfiles))
    settings = read_config(config, written_in)
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
    refuse_unwritable([*FOLDERS_OF_SNAKEMAKE, Path(RESULTS)])  # else both Snakemake and its handlers end in a traceback
    edited = edited_files(study_files, files_note, is_new=is_new_study)
    stages = () if settings.imported else enabled_stages(settings.modules_enabled)
    order_of_stages([stage for stage in stages if stage.kind == "batch"])  # refuses a position that there is not
except ErgitError as error:
    raise WorkflowError(str(error)) from None

# The programs find `ergit` and this very Python in the environment, and there the settings of this study. In `params` any
# change of a setting would build and measure everything again; which ones have to, the fingerprints say.
SETTINGS = hand_over(settings, stages, RESULTS, edited)
announce(SETTINGS, settings)
PYTHON = "python3"  # as jobs call it
if is_module:  # the parent's own jobs keep their PATH
    PYTHON = command_of_python(with_conda=DeploymentMethod.CONDA in workflow.deployment_settings.deployment_method)
    os.environ.update(variables_beside_others())
else:
    os.environ.update(program_variables())

# Snakemake writes `config` to disk for every job with `script:`; those need no user and password.
config = {**config, "repository": {**config["repository"], "url": public_url(settings.repository.url)}}
