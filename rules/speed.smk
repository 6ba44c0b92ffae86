"""What makes the plan of thousands of jobs cheap; it changes nothing of what is planned."""

import gc

if not is_module:
    # A plan only grows; `onstart` enables this again.
    gc.disable()
    # Snakemake writes out each job of a plan before it finds that `quiet` hides it, half of its time. With these two alone
    # it writes the number of jobs of each rule, and ends.
    if workflow.output_settings.dryrun and workflow.output_settings.quiet == {Quietness.RULES, Quietness.HOST}:
        workflow.output_settings.quiet = {Quietness.RULES, Quietness.PROGRESS}
