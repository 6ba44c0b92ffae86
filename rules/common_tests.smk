rule find_tests:
    """What the tests of one commit do, in a run that is not measured; or why that is not known."""
    input:
        build="results/build/{commit}.json",
        artifact=ancient("results/build/{commit}.tar.gz"),
    output:
        "results/tests/{commit}.json",
    log:
        "results/tests/{commit}.log",
    conda:
        "../envs/ergit.yaml"
    threads: all_cores  # tests of two commits may want the same port or file
    params:
        python=python,
        settings=handed_over,
        meaning=meaning_of_readings,
        reports=literally(to_builtins(settings.workload.reports)),
    shell:
        "exec {params.python} -P -m ergit.measuring.find_tests --settings {params.settings} --build {input.build:q}"
        " --artifact {input.artifact:q} --output {output:q} &> {log:q}"


checkpoint common_tests:
    """The tests that pass in every commit; they stay when commits join the study, since they are measured already."""
    input:
        plan="results/plan.json",
        found=found_tests,
    output:
        update("results/tests/common.json"),
    log:
        "results/tests/common.log",
    conda:
        "../envs/ergit.yaml"
    params:
        python=python,
        results=results_folder,
        meaning=meaning_of_readings,
        retake=retake_of("tests/common.json"),
    shell:
        "exec {params.python} -P -m ergit.measuring.common_tests --plan {input.plan:q} --results {params.results}"
        " --meaning {params.meaning} --output {output:q} &> {log:q}"
