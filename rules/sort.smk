rule sort:
    """One row a reading, in the order of the Git history: the table that all else reads."""
    input:
        commits="results/commits.tsv",
        readings=readings_of_all_rounds,
    output:
        report(
            "results/energy.csv",
            caption="../docs/captions/energy.rst",
            category="Energy",
            labels={"what": "all readings", "form": "table"},
        ),
    log:
        "results/energy.log",
    conda:
        "../envs/ergit.yaml"
    params:
        limits=literally(to_builtins(limits_of(settings.measure))),  # another limit judges the readings again
        judged=settings.measure.judged,
    script:
        "../scripts/sort.py"


rule measured:
    """A mark that a commit could be measured; where none could it is not made, and the run fails with the reasons."""
    input:
        "results/energy.csv",
    output:
        touch("results/measured"),
    log:
        "results/measured.log",
    conda:
        "../envs/ergit.yaml"
    script:
        "../scripts/measured.py"
