"""Which commits changed how much energy a program uses: readings of each commit, sorted by Git history, and a verdict."""

from snakemake.utils import min_version

min_version("9.27")


include: "rules/settings.smk"
include: "rules/common.smk"
include: "rules/speed.smk"
include: "rules/handlers.smk"
include: "rules/live.smk"
include: "rules/mirror.smk"
include: "rules/select.smk"


if settings.imported:

    include: "rules/import.smk"

else:

    if workload_source:

        include: "rules/workload.smk"

    if settings.java:

        include: "rules/jdks.smk"
    include: "rules/forecast.smk"
    include: "rules/checkout.smk"
    include: "rules/java.smk"
    include: "rules/build.smk"
    include: "rules/measure.smk"
    include: "rules/sort.smk"
    include: "rules/noise.smk"

    if reports_are_read:

        include: "rules/tests.smk"

    if tests_are_common:

        include: "rules/common_tests.smk"


include: "rules/changes.smk"
include: "rules/context.smk"
include: "rules/plot.smk"
include: "rules/failures.smk"
include: "rules/summary.smk"
include: "rules/report.smk"
include: "rules/export.smk"
include: "rules/gate.smk"


rule all:
    """The whole study: the table of readings, the changes, the figures, a summary to read and the report."""
    default_target: True
    input:
        readings_of_all_rounds,  # so that one that was removed is missed
        "results/energy.csv",
        [] if settings.imported else "results/measured",
        "results/changes.tsv",
        "results/failures.tsv",
        "results/plots/evolution.svg",
        "results/plots/distribution.svg",
        "results/plots/cusum.svg",
        "results/summary.md",
        "results/report.html",
        "results/tests.tsv" if reports_are_read else [],


include: "rules/user.smk"
