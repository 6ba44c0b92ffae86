rule mirror:
    """What was mirrored when; the bare mirror itself, results/mirror.git, is brought up to date, not made anew."""
    output:
        "results/mirror.json",
    log:
        "results/mirror.log",
    conda:
        "../envs/ergit.yaml"
    params:
        repository=literally(json.dumps({key: config["repository"][key] for key in ("url", "branch")})),
    shell:
        "exec python3 -m scripts.mirror --repository {params.repository:q}"
        " --mirror results/mirror.git --output {output:q} &> {log:q}"
