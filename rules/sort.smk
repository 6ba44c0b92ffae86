def readings_of_all_rounds(wildcards):
    """The records of every chosen commit in every round, in Git order."""
    return expand(
        "results/readings/{commit}/{round}.json",
        commit=chosen_commits(),
        round=range(1, config["measure"]["rounds"] + 1),
    )


rule sort:
    """One row a reading, in the order of the Git history: the table that all else reads."""
    input:
        commits="results/commits.tsv",
        readings=readings_of_all_rounds,
    output:
        "results/energy.csv",
    log:
        "results/energy.log",
    script:
        "../scripts/sort.py"
