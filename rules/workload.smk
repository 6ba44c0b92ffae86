checkpoint workload:
    """Of which commit the workload is that is laid over every commit; it stays, also when the name moves."""
    input:
        ancient("results/mirror.json"),
    output:
        update("results/workload.json"),
    log:
        "results/workload.log",
    conda:
        "../envs/ergit.yaml"
    params:
        python=python,
        settings=handed_over,
        results=results_folder,
        workload=literally([settings.workload.source, *settings.workload.paths]),
        retake=retake_of("workload.json"),
    shell:
        "exec {params.python} -P -m ergit.git.workload --settings {params.settings}"
        " --mirror {params.results}/mirror.git --output {output:q} &> {log:q}"
