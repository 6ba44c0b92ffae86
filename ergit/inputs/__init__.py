"""What a commit's energy may depend on: its program, workload, build, dependencies and JDK, and what of it changed."""
