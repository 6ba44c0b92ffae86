rule changes:
    """The commits that changed the energy: by how much, how surely, and where they may lie."""
    input:
        table="results/energy.csv",
        commits="results/commits.tsv",
    output:
        table="results/changes.tsv",
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
