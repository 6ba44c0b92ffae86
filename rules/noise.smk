rule noise:
    """The noise floor: what a commit that changes nothing seems to change, and what it takes to see less."""
    input:
        readings_of_control,  # so that one that was removed is missed
        "results/noise.json",
        "results/noise.md",


checkpoint control:
    """The commit that is measured against itself; it stays, also when the study gets newer ones."""
    input:
        ancient("results/commits.tsv"),
    output:
        "results/noise/control.json",
    log:
        "results/noise/control.log",
    conda:
        "../envs/ergit.yaml"
    params:
        commit=literally(json.dumps(config["noise"]["commit"])),
    shell:
        "exec python3 -m scripts.control --commits {input:q} --named {params.commit:q} --builds results/build"
        " --output {output:q} &> {log:q}"


use rule checkout as checkout_control with:
    output:
        temp(directory("results/noise/{commit}/{build}/checkout")),
    log:
        "results/noise/{commit}/{build}/checkout.log",


rule build_control:
    """One of several builds of the control, each from its sources: a cached one would be the same build twice."""
    input:
        java="results/java/{commit}.json",
        checkout="results/noise/{commit}/{build}/checkout",
    output:
        artifact="results/noise/{commit}/{build}/build.tar.gz",
        record="results/noise/{commit}/{build}/build.json",
    log:
        "results/noise/{commit}/{build}/build.log",
    conda:
        "../envs/ergit.yaml"
    params:
        meaning=literally(build_meaning(config)),
    shell:
        'exec env -u ERGIT_BUILD_CACHE python3 -m scripts.build --settings "$ERGIT_BUILD" --meaning {params.meaning:q} --commit {wildcards.commit}'
        " --java {input.java:q} --checkout {input.checkout:q} --artifact {output.artifact:q} --output {output.record:q}"
        " &> {log:q}"


use rule measure as measure_control with:
    input:
        build="results/noise/{commit}/{build}/build.json",
        artifact=ancient("results/noise/{commit}/{build}/build.tar.gz"),
    output:
        update("results/noise/{commit}/{build}/{round}.json"),
    log:
        "results/noise/{commit}/{build}/{round}.log",


rule noise_floor:
    """How far equal readings lie apart, the smallest change that the study can see, and the runs that others need."""
    input:
        control="results/noise/control.json",
        commits="results/commits.tsv",
        readings=readings_of_control,
    output:
        json="results/noise.json",
        page="results/noise.md",
    log:
        "results/noise.log",
    conda:
        "../envs/ergit.yaml"
    params:
        measure={key: config["measure"][key] for key in ("rounds", "repeats")},
        changes={key: config["changes"][key] for key in ("least_change", "false_discovery_rate")},
    script:
        "../scripts/noise_floor.py"
