rule verify:
    """What this machine can measure with, and that nothing fatal stands in the way."""
    output:
        "results/machine.json",
    log:
        "results/machine.log",
    conda:
        "../envs/ergit.yaml"
    params:
        measure=json.dumps(config["measure"]),
    shell:
        "exec python3 -m scripts.doctor --settings {params.measure:q} --output {output:q} &> {log:q}"
