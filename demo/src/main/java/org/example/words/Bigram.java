package org.example.words;

/** Two words that follow each other. */
public final class Bigram {

    private final String first;
    private final String second;

    public Bigram(String first, String second) {
        this.first = first;
        this.second = second;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Bigram
                && first.equals(((Bigram) other).first)
                && second.equals(((Bigram) other).second);
    }

    @Override
    public int hashCode() {
        return 31 * first.hashCode() + second.hashCode();
    }

    @Override
    public String toString() {
        return first + " " + second;
    }
}
