rule checkout:
    """A clean tree of one commit, with the workload where that is held fixed; its objects stay in the mirror."""
    input:
        workload=ancient("results/workload.json") if workload_source else [],
    output:
        temp(directory("results/checkout/{commit}")),
    log:
        "results/checkout/{commit}.log",
    priority: building_order
    conda:
        "../envs/ergit.yaml"
    params:
        python=python,
        settings=handed_over,
        results=results_folder,
    shell:
        "exec {params.python} -P -m ergit.git.checkout --settings {params.settings}"
        " --mirror {params.results}/mirror.git --commit {wildcards.commit} --output {output:q} &> {log:q}"
