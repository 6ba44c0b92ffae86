rule plot:
    """The evolution over the history, the distribution of the readings of each commit, and the sums of residuals."""
    input:
        table="results/energy.csv",
        changes="results/changes.json",
        commits="results/commits.tsv",
        context="results/context.json",
    output:
        report(
            "results/plots/evolution.svg",
            caption="../docs/captions/evolution.rst",
            category="Energy",
            labels={"what": "evolution over the history", "form": "figure"},
        ),
        "results/plots/evolution.png",
        report(
            "results/plots/distribution.svg",
            caption="../docs/captions/distribution.rst",
            category="Energy",
            labels={"what": "readings of each commit", "form": "figure"},
        ),
        "results/plots/distribution.png",
        report(
            "results/plots/cusum.svg",
            caption="../docs/captions/cusum.rst",
            category="Validity",
            labels={"what": "sums of residuals", "form": "figure"},
        ),
        "results/plots/cusum.png",
    log:
        "results/plots/plot.log",
    conda:
        "../envs/ergit.yaml"
    script:
        "../scripts/plot.py"
