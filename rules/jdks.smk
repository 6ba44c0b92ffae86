rule jdks:
    """What all commits ask for of a JDK, which of these are here, and how to install the others."""
    input:
        "results/commits.tsv",
    output:
        update("results/jdks.json"),  # under `java.policy: one` the JDK of the study stays
    log:
        "results/jdks.log",
    conda:
        "../envs/ergit.yaml"
    params:
        python=python,
        settings=handed_over,
        results=results_folder,
        asked=literally(to_builtins(settings.java)),
        here=literally(names_of_jdks_here()),  # with another one the list is made anew
        retake=retake_of("jdks.json"),
    shell:
        "exec {params.python} -P -m ergit.java.study --settings {params.settings} --mirror {params.results}/mirror.git"
        " --commits {input:q} --output {output:q} --progress 3 3>&2 &> {log:q}"
