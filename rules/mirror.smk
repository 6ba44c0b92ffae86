rule mirror:
    """What was mirrored when; the bare mirror itself, results/mirror.git, is brought up to date, not made anew."""
    input:
        ancient("results/machine.json"),
    output:
        "results/mirror.json",
    log:
        "results/mirror.log",
    conda:
        "../envs/ergit.yaml"
    params:
        repository=json.dumps(config["repository"]),
    shell:
        "exec python3 -m scripts.mirror --settings {params.repository:q}"
        " --mirror results/mirror.git --output {output:q} &> {log:q}"
