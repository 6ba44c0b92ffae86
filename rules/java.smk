rule java:
    """The JDK that a commit asks for, where that was found, and the JDK it gets."""
    input:
        jdk_of_study,
    output:
        "results/java/{commit}.json",
    log:
        "results/java/{commit}.log",
    priority: building_order
    conda:
        "../envs/ergit.yaml"
    params:
        python=python,
        settings=handed_over,
        results=results_folder,
        asked=asked_of_commit,
    shell:
        "exec {params.python} -P -m ergit.java.choose --settings {params.settings}"
        " --mirror {params.results}/mirror.git --commit {wildcards.commit} --output {output:q} &> {log:q}"
