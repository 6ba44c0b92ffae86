package org.example.words;

/** Syllables of English words, estimated from their spelling. */
public final class Syllables {

    private static final String VOWELS = "aeiouy";

    /** Groups of vowels, without a silent e at the end; at least 1. */
    public int count(String word) {
        return estimate(word);
    }

    private static int estimate(String word) {
        int groups = 0;
        boolean afterVowel = false;
        for (int index = 0; index < word.length(); index++) {
            boolean vowel = VOWELS.indexOf(word.charAt(index)) >= 0;
            if (vowel && !afterVowel) {
                groups++;
            }
            afterVowel = vowel;
        }
        if (word.endsWith("e") && !word.endsWith("le")) {
            groups--;
        }
        return Math.max(groups, 1);
    }
}
