package org.example.words;

import java.util.LinkedHashSet;
import java.util.Random;
import java.util.Set;

/** A text drawn from a seed, with a few frequent words and many rare ones, and what is known about it. */
final class GeneratedText {

    private static final String[] ONSETS = {"b", "c", "d", "f", "g", "h", "l", "m", "n", "p", "r", "s", "st", "t", "tr"};
    private static final String[] VOWELS = {"a", "e", "ea", "i", "o", "ou", "u"};
    private static final String[] CODAS = {"", "", "n", "r", "s", "s", "s", "s", "ck"};

    private final StringBuilder text = new StringBuilder();
    private final int[] occurrences;
    private final int wordCount;

    GeneratedText(long seed, int vocabularySize, int wordCount) {
        Random random = new Random(seed);
        String[] vocabulary = vocabulary(random, vocabularySize);
        this.occurrences = new int[vocabularySize];
        this.wordCount = wordCount;
        boolean startsSentence = true;
        for (int written = 1; written <= wordCount; written++) {
            int rank = (int) (vocabularySize * Math.pow(random.nextDouble(), 4));
            occurrences[rank]++;
            startsSentence = append(vocabulary[rank], startsSentence, random.nextInt(12) == 0 || written == wordCount);
        }
    }

    private boolean append(String word, boolean startsSentence, boolean endsSentence) {
        if (startsSentence) {
            text.append(Character.toUpperCase(word.charAt(0))).append(word, 1, word.length());
        } else {
            text.append(word);
        }
        text.append(endsSentence ? ". " : " ");
        return endsSentence;
    }

    private static String[] vocabulary(Random random, int size) {
        Set<String> words = new LinkedHashSet<>();
        words.add("a");
        while (words.size() < size) {
            StringBuilder word = new StringBuilder();
            for (int syllable = random.nextInt(4); syllable >= 0; syllable--) {
                word.append(pick(random, ONSETS)).append(pick(random, VOWELS)).append(pick(random, CODAS));
            }
            words.add(word.toString());
        }
        return words.toArray(new String[0]);
    }

    private static String pick(Random random, String[] parts) {
        return parts[random.nextInt(parts.length)];
    }

    String text() {
        return text.toString();
    }

    int wordCount() {
        return wordCount;
    }

    int distinctWords() {
        int distinct = 0;
        for (int count : occurrences) {
            if (count > 0) {
                distinct++;
            }
        }
        return distinct;
    }
}
