rule summary:
    """What was found, for a person to read."""
    input:
        table="results/energy.csv",
        changes="results/changes.json",
        commits="results/commits.tsv",
    output:
        "results/summary.md",
    log:
        "results/summary.log",
    params:
        repository=config["repository"],
    script:
        "../scripts/summary.py"
