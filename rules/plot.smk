rule plot:
    """The evolution over the history, and the distribution of the readings of each commit."""
    input:
        table="results/energy.csv",
        changes="results/changes.json",
        commits="results/commits.tsv",
        context="results/context.json",
    output:
        multiext("results/plots/evolution", ".svg", ".png"),
        multiext("results/plots/distribution", ".svg", ".png"),
    log:
        "results/plots/plot.log",
    conda:
        "../envs/ergit.yaml"
    script:
        "../scripts/plot.py"
