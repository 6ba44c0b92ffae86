checkpoint select:
    """Every commit that was considered: its place in the history, why it was chosen or dropped, and its rounds."""
    input:
        "results/mirror.json",
    output:
        commits="results/commits.tsv",
        plan="results/plan.json",
    log:
        "results/commits.log",
    conda:
        "../envs/ergit.yaml"
    params:
        commits=literally(selection_fingerprint(settings, config["commits"])),
        rounds=settings.measure.rounds,
        mirror=f"{RESULTS}/mirror.git",
    script:  # not `shell:`, whose line could not hold a list of thousands of SHAs
        "../scripts/select.py"
