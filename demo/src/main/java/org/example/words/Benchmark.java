package org.example.words;


/** Analyses the same generated text a fixed number of times and checks what was counted. */
public final class Benchmark {

    private static final long SEED = 20240229;
    private static final int VOCABULARY = 400;
    private static final int WORDS = 20_000;
    private static final int PASSES = 70;

    private Benchmark() {
    }

    public static void main(String[] arguments) {
        GeneratedText generated = new GeneratedText(SEED, VOCABULARY, WORDS);
        String text = generated.text();
        TextStatistics statistics = null;
        for (int pass = 0; pass < PASSES; pass++) {
            statistics = TextStatistics.of(text);
            check("words", generated.wordCount(), statistics.words().total());
            check("different words", generated.distinctWords(), statistics.words().distinct());
        }
        System.out.print(Report.of(statistics));
    }

    private static void check(String what, int written, int counted) {
        if (written != counted) {
            System.err.printf("%s: %d written, but %d counted%n", what, written, counted);
            System.exit(1);
        }
    }
}
