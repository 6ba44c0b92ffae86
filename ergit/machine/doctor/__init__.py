"""What a machine can measure, what its readings are worth, and what fixes the rest."""
