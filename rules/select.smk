checkpoint select:
    """Every commit that was considered: its place in the history, and why it was chosen or dropped."""
    input:
        "results/mirror.json",
    output:
        "results/commits.tsv",
    log:
        "results/commits.log",
    conda:
        "../envs/ergit.yaml"
    params:
        commits=literally(config["commits"]),
        mirror="results/mirror.git",
    script:  # not `shell:`, whose line could not hold a list of thousands of SHAs
        "../scripts/select.py"
