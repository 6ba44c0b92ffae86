rule changes:
    """The commits that changed the energy: by how much, how surely, and where they may lie."""
    input:
        table="results/energy.csv",
        commits="results/commits.tsv",
    output:
        table=report(
            "results/changes.tsv",
            caption="../docs/captions/changes.rst",
            category="Changes",
            labels={"what": "levels and changes of the commits", "form": "table"},
        ),
        json="results/changes.json",
    log:
        "results/changes.log",
    conda:
        "../envs/ergit.yaml"
    params:
        settings=literally(to_builtins(settings.changes)),
        judged=settings.measure.judged,
        imported=bool(settings.imported),
        mirror=f"{RESULTS}/mirror.git",
    script:
        "../scripts/changes.py"
