rule java:
    """The JDK that a commit asks for, where that was found, and the JDK it gets."""
    output:
        "results/java/{commit}.json",
    log:
        "results/java/{commit}.log",
    conda:
        "../envs/ergit.yaml"
    params:
        asked=literally(config["java"] and [config["java"][key] for key in ("release", "directory")]),
    shell:
        'exec python3 -m scripts.java --settings "$ERGIT_JAVA"'
        " --mirror results/mirror.git --commit {wildcards.commit} --output {output:q} &> {log:q}"
