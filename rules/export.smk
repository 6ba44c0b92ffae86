rule export:
    """The study for other tools: Apache Otava and asv; Parquet, which needs the extra `parquet`, is a target of its own."""
    input:
        "results/export/otava.csv",
        "results/export/asv",


rule export_otava:
    """The median of each commit, and the configuration with which Apache Otava reads it."""
    input:
        table="results/energy.csv",
        commits="results/commits.tsv",
    output:
        table="results/export/otava.csv",
        configuration="results/export/otava.yaml",
    log:
        "results/export/otava.log",
    conda:
        "../envs/ergit.yaml"
    params:
        imported=bool(settings.imported),
    script:
        "../scripts/export_otava.py"


rule export_asv:
    """A results folder of asv: one benchmark, a file a commit and session."""
    input:
        "results/energy.csv",
    output:
        directory("results/export/asv"),
    log:
        "results/export/asv.log",
    conda:
        "../envs/ergit.yaml"
    params:
        domain=settings.measure.judged,
    script:
        "../scripts/export_asv.py"


rule export_parquet:
    """The table of readings with a type for each column."""
    input:
        "results/energy.csv",
    output:
        "results/export/energy.parquet",
    log:
        "results/export/parquet.log",
    conda:
        "../envs/ergit.yaml"
    script:
        "../scripts/export_parquet.py"
