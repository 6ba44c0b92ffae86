"""The studied repository: its mirror, the names and order of its commits, their selection and checkout."""
