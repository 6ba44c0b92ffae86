"""JDKs: the release that a commit asks for, and the JDK that it gets."""
