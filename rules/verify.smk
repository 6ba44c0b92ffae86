rule verify:
    """What this machine can measure with, and that nothing fatal stands in the way."""
    output:
        "results/machine.json",
    log:
        "results/machine.log",
    params:
        measure=json.dumps(config["measure"]),
    shell:
        "exec {PYTHON:q} -m scripts.doctor --settings {params.measure:q} --output {output:q} &> {log:q}"
