"""What makes the plan of thousands of jobs cheap; it changes nothing of what is planned."""

import gc

from snakemake.persistence import PersistenceBase


def noting_params(persistence):
    """How Snakemake notes a param. It loads pandas to ask whether one is a table, which none can be before that."""
    return persistence._serialize_param_pandas if "pandas" in sys.modules else persistence._serialize_param_builtin


if not is_module:
    # A plan only grows; `onstart` enables this again.
    gc.disable()
    # Snakemake writes out each job of a plan before it finds that `quiet` hides it, half of its time. With these two alone
    # it writes the number of jobs of each rule, and ends.
    if workflow.output_settings.dryrun and workflow.output_settings.quiet == {Quietness.RULES, Quietness.HOST}:
        workflow.output_settings.quiet = {Quietness.RULES, Quietness.PROGRESS}
    PersistenceBase._serialize_param = property(noting_params)
