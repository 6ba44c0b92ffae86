package org.example.words;

import java.util.Locale;

/** The words of a text, in lower case. Whatever is neither a letter nor an apostrophe separates them. */
public final class Tokenizer {

    private final String text;
    private int position;

    public Tokenizer(String text) {
        this.text = text;
    }

    /** The next word, or null after the last one. */
    public String next() {
        int start = position;
        while (start < text.length() && !isPartOfWord(text.charAt(start))) {
            start++;
        }
        int end = start;
        while (end < text.length() && isPartOfWord(text.charAt(end))) {
            end++;
        }
        position = end;
        return end > start ? normalized(text.substring(start, end)) : null;
    }

    private static String normalized(String token) {
        return token.toLowerCase(Locale.ROOT);
    }

    private static boolean isPartOfWord(char character) {
        return Character.isLetter(character) || character == '\'';
    }
}
