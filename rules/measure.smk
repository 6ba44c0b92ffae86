rule measure:
    """Readings of the workload on one built commit, in one round: `repeats` of them, after the warm-up."""
    input:
        build="results/build/{commit}.json",
        artifact=ancient("results/build/{commit}.tar.gz"),  # a reading is data: a mere copy of the build is not newer
        tests=common_tests_file,
    output:
        update("results/readings/{commit}/{round}.json"),  # what is measured again is kept beside it
    log:
        "results/readings/{commit}/{round}.log",
    priority: measuring_order
    conda:
        "../envs/ergit.yaml"
    threads: all_cores  # nothing runs beside a measurement
    resources:
        rapl=1,
    params:
        python=python,
        settings=handed_over,
        batch=batch_of_job,
        protocol=PROTOCOL,
        fingerprint=or_retake(reading_fingerprint(settings, edited, stages)),
    shell:
        "exec {params.python} -P -m ergit.measuring.measure --settings {params.settings}"
        " --commit {wildcards.commit} --round {wildcards.round} --build {input.build:q} --artifact {input.artifact:q}"
        " --output {output:q} {params.batch} --progress 3 3>&2 &> {log:q}"
