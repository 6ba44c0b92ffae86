package org.example.words;

/** The statistics of a text, for people. */
public final class Report {

    private static final int LINES = 5;

    private Report() {
    }

    public static String of(TextStatistics statistics) {
        StringBuilder report = new StringBuilder();
        report.append(statistics.words().total()).append(" words, ");
        report.append(statistics.words().distinct()).append(" different ones, ");
        report.append(statistics.bigrams().distinct()).append(" different pairs\n");
        for (String word : statistics.words().mostFrequent(LINES)) {
            report.append(statistics.words().count(word)).append('\t').append(word).append('\n');
        }
        return report.toString();
    }
}
