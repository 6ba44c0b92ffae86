rule gate:
    """Nothing but an exit status: 0 if the energy has not grown too much."""
    input:
        verdict="results/gate.json",
        page="results/gate.md",
        tests="results/junit.xml",
        summary="results/summary.md",
    log:
        "results/gate.log",
    conda:
        "../envs/ergit.yaml"
    params:
        python=python,
    shell:
        "exec {params.python} -P -m ergit.reports.gate {input.verdict:q} 2> {log:q}"


rule gate_reports:
    """All that `ergit gate` tells the verdict from, and a CI server keeps: what `gate` needs, and the figures."""
    input:
        rules.gate.input,
        "results/plots/evolution.svg",
        "results/plots/distribution.svg",


rule verdict:
    """Whether the energy of the newest commits, or of one commit against another, has grown too much."""
    input:
        table="results/energy.csv",
        commits="results/commits.tsv",
        context="results/context.json",
        tests="results/tests.json" if reports_are_read else [],
    output:
        "results/gate.json",
    log:
        "results/verdict.log",
    conda:
        "../envs/ergit.yaml"
    params:
        gate=literally(to_builtins(settings.gate)),
        changes=literally(to_builtins(settings.changes)),
        judged=settings.measure.judged,
        measure=None if settings.imported else {"rounds": settings.measure.rounds, "repeats": settings.measure.repeats},
        inputs=literally(to_builtins(settings.inputs)),
        replaced=literally(list(settings.workload.paths) if settings.workload else []),
        mirror=f"{RESULTS}/mirror.git",
        builds=f"{RESULTS}/build",
        results=results_folder,
    script:
        "../scripts/verdict.py"


rule junit:
    """The commits as test cases for a CI server: those with an increase that is not accepted fail."""
    input:
        table="results/energy.csv",
        commits="results/commits.tsv",
        changes="results/changes.json",
        context="results/context.json",
        verdict="results/gate.json",
    output:
        "results/junit.xml",
    log:
        "results/junit.log",
    conda:
        "../envs/ergit.yaml"
    script:
        "../scripts/junit.py"


rule gate_page:
    """The verdict to read: for a comment on a pull request, or the summary of a job."""
    input:
        verdict="results/gate.json",
        table="results/energy.csv",
        commits="results/commits.tsv",
    output:
        "results/gate.md",
    log:
        "results/gate_page.log",
    conda:
        "../envs/ergit.yaml"
    params:
        judged=settings.measure.judged,
        results=results_folder,
    script:
        "../scripts/gate_page.py"
