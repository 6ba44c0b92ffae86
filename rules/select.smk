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
        commits=json.dumps(config["commits"]),
    shell:
        "exec python3 -m scripts.select --mirror results/mirror.git --record {input:q}"
        " --commits {params.commits:q} --output {output:q} &> {log:q}"
