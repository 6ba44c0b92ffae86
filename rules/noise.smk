rule noise:
    """The noise floor: what a commit that changes nothing seems to change, and what it takes to see less."""
    input:
        readings_of_aa_commit,  # so that one that was removed is missed
        "results/noise.json",
        "results/noise.md",


checkpoint aa_commit:
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
        python=python,
        commit=literally(json.dumps(settings.noise.commit)),
        results=results_folder,
    shell:  # not `script:`, which would choose anew whenever its file is touched
        "exec {params.python} -P -m ergit.analysis.noise_floor.choose --commits {input:q} --named {params.commit:q}"
        " --mirror {params.results}/mirror.git --builds {params.results}/build --output {output:q} &> {log:q}"


use rule checkout as checkout_aa with:
    output:
        temp(directory("results/noise/{commit}/{build}/checkout")),
    log:
        "results/noise/{commit}/{build}/checkout.log",


rule build_aa:
    """One of several builds of the A/A commit, each from its sources: a cached one would be the same build twice."""
    input:
        java="results/java/{commit}.json",
        checkout=ancient("results/noise/{commit}/{build}/checkout"),
    output:
        artifact="results/noise/{commit}/{build}/build.tar.gz",
        record="results/noise/{commit}/{build}/build.json",
    log:
        "results/noise/{commit}/{build}/build.log",
    conda:
        "../envs/ergit.yaml"
    params:
        python=python,
        settings=handed_over,
        fingerprint=of_workload(build_fingerprint(settings, edited, stages)),
    shell:
        "exec env -u ERGIT_BUILD_CACHE {params.python} -P -m ergit.building.build --settings {params.settings} --commit {wildcards.commit}"
        " --java {input.java:q} --checkout {input.checkout:q} --artifact {output.artifact:q} --output {output.record:q}"
        " &> {log:q}"


use rule measure as measure_aa with:
    input:
        build="results/noise/{commit}/{build}/build.json",
        artifact=ancient("results/noise/{commit}/{build}/build.tar.gz"),
        tests=common_tests_file,
    output:
        update("results/noise/{commit}/{build}/{round}.json"),
    log:
        "results/noise/{commit}/{build}/{round}.log",


rule noise_floor:
    """How far equal readings lie apart, the smallest change that the study can see, and the runs that others need."""
    input:
        aa_commit="results/noise/control.json",
        commits="results/commits.tsv",
        readings=readings_of_aa_commit,
    output:
        json="results/noise.json",
        page="results/noise.md",
    log:
        "results/noise.log",
    conda:
        "../envs/ergit.yaml"
    params:
        rounds=settings.measure.rounds,
        repeats=settings.measure.repeats,
        judged=settings.measure.judged,
        limits=literally(to_builtins(limits_of(settings.measure))),
        changes=literally(to_builtins(settings.changes)),
    script:
        "../scripts/noise_floor.py"
