package org.example.words;

/** What one pass over a text has counted. */
public final class TextStatistics {

    private final Tally<String> words = new Tally<>();
    private final Tally<Bigram> bigrams = new Tally<>();
    private final Syllables syllables = new Syllables();
    private int syllableCount;
    private int sentenceCount;

    public static TextStatistics of(String text) {
        TextStatistics statistics = new TextStatistics();
        statistics.countWords(text);
        statistics.countSentences(text);
        return statistics;
    }

    private void countWords(String text) {
        Tokenizer tokenizer = new Tokenizer(text);
        String previous = null;
        for (String word = tokenizer.next(); word != null; word = tokenizer.next()) {
            words.add(word);
            syllableCount += syllables.count(word);
            if (previous != null) {
                bigrams.add(new Bigram(previous, word));
            }
            previous = word;
        }
    }

    private void countSentences(String text) {
        for (int index = 0; index < text.length(); index++) {
            if (text.charAt(index) == '.') {
                sentenceCount++;
            }
        }
    }

    public Tally<String> words() {
        return words;
    }

    public Tally<Bigram> bigrams() {
        return bigrams;
    }

    public int sentences() {
        return sentenceCount;
    }

    /** Flesch's reading ease: 100 is very easy, 0 very hard. */
    public double readingEase() {
        double wordsPerSentence = (double) words.total() / Math.max(sentenceCount, 1);
        double syllablesPerWord = (double) syllableCount / Math.max(words.total(), 1);
        return 206.835 - 1.015 * wordsPerSentence - 84.6 * syllablesPerWord;
    }
}
