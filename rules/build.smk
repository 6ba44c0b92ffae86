rule build:
    """What the build commands made of one commit, or the record of their failure with an empty artifact."""
    input:
        java="results/java/{commit}.json",
        checkout=ancient("results/checkout/{commit}"),  # one whose removal was begun is newer than what was built
    output:
        artifact="results/build/{commit}.tar.gz",
        record="results/build/{commit}.json",
    log:
        "results/build/{commit}.log",
    priority: building_order
    conda:
        "../envs/ergit.yaml"
    params:
        python=python,
        settings=handed_over,
        fingerprint=of_workload(build_fingerprint(settings, edited, stages)),
    shell:
        "exec {params.python} -P -m ergit.building.build --settings {params.settings} --commit {wildcards.commit}"
        " --java {input.java:q} --checkout {input.checkout:q} --artifact {output.artifact:q} --output {output.record:q}"
        " --progress 3 3>&2 &> {log:q}"


rule builds:
    """Every chosen commit built and none measured: which of them build, and what that takes."""
    input:
        builds_of_all_commits,
