checkpoint select:
    """Every commit that was considered: its position in the history, why it was chosen or dropped, and its rounds."""
    input:
        mirror="results/mirror.json",
        readings=imported_files if settings.commits == CommitFilters() else [],  # then all that have readings
    output:
        plan="results/plan.json",  # the first: where it alone is missing, Snakemake asks for this one only
        commits="results/commits.tsv",
    log:
        "results/commits.log",
    conda:
        "../envs/ergit.yaml"
    params:
        **named_later(),
        commits=literally(selection_fingerprint(settings, config["commits"])),
        files=literally(list(study_files.names)),
        batches=literally(settings.plan.batch and [settings.plan.batch, *settings.plan.anchors]),
        reuse=literally(reuse_settings()),
        mirror=f"{RESULTS}/mirror.git",
    script:  # not `shell:`, whose line could not hold a list of thousands of SHAs
        "../scripts/select.py"
