rule sort:
    """One row a reading, in the order of the Git history: the table that all else reads."""
    input:
        commits="results/commits.tsv",
        readings=readings_of_all_rounds,
    output:
        "results/energy.csv",
    log:
        "results/energy.log",
    conda:
        "../envs/ergit.yaml"
    params:
        limits=literally(to_builtins(limits_of(settings.measure))),  # another limit judges the readings again
    script:
        "../scripts/sort.py"
