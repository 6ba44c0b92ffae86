"""`ergit gate`: the verdict on a study, or on a clone's branch against the one it goes to, with a status for each."""
