rule context:
    """What lies in each change: what differs, words of the messages, JDK and tests, and whether time or power grew."""
    input:
        changes="results/changes.json",
        commits="results/commits.tsv",
        tests="results/tests.json" if reports_are_read else [],
    output:
        "results/context.json",
    log:
        "results/context.log",
    conda:
        "../envs/ergit.yaml"
    params:
        words=literally(list(settings.changes.tags)),
        accepted=literally(list(settings.changes.accepted)),
        link=literally(settings.repository.link),
        mirror=f"{RESULTS}/mirror.git",
        builds=f"{RESULTS}/build",
        inputs=literally(to_builtins(settings.inputs)),
        replaced=literally(list(settings.workload.paths) if settings.workload else []),
        results=results_folder,
    script:
        "../scripts/context.py"
