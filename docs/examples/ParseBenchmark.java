import com.univocity.parsers.csv.CsvParser;
import com.univocity.parsers.csv.CsvParserSettings;
import java.io.StringReader;
import java.util.Random;

/** Parses one generated table again and again; ends with status 1 if a cell is missing. */
public class ParseBenchmark {
    private static final int ROWS = 20_000, COLUMNS = 10, PASSES = 60;

    public static void main(String[] arguments) {
        String table = table(new Random(1));
        CsvParserSettings settings = new CsvParserSettings();
        settings.getFormat().setLineSeparator("\n");
        long cells = 0;
        for (int pass = 0; pass < PASSES; pass++)
            for (String[] row : new CsvParser(settings).parseAll(new StringReader(table)))
                cells += row.length;
        if (cells != (long) PASSES * ROWS * COLUMNS) {
            System.err.println(cells + " cells");
            System.exit(1);
        }
    }

    private static String table(Random random) {
        StringBuilder text = new StringBuilder();
        for (int row = 0; row < ROWS; row++)
            for (int column = 0; column < COLUMNS; column++)
                text.append(column % 3 == 0 ? "\"a, quoted " + random.nextInt(1000) + "\"" : "" + random.nextInt())
                        .append(column < COLUMNS - 1 ? ',' : '\n');
        return text.toString();
    }
}
