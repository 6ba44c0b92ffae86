rule java:
    """The JDK that a commit asks for, where that was found, and the JDK it gets."""
    output:
        "results/java/{commit}.json",
    log:
        "results/java/{commit}.log",
    conda:
        "../envs/ergit.yaml"
    params:
        java=json.dumps(config["java"]),
    shell:
        "exec python3 -m scripts.java --settings {params.java:q}"
        " --mirror results/mirror.git --commit {wildcards.commit} --output {output:q} &> {log:q}"
