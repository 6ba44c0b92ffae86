import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.maven.cli.MavenCli;
import org.codehaus.plexus.classworlds.ClassWorld;

/**
 * Maven itself, called many times in one JVM: what `mvn -q -B` does in each folder.
 *
 * <p>The argument is a file with a line for each call: the folder, the words of .mvn/jvm.config and the arguments,
 * separated by tabs, the words of each by spaces. Prints the exit status of each and the first line of its errors.
 */
final class RealMaven {
  public static void main(String[] arguments) throws IOException {
    for (String line : Files.readAllLines(Path.of(arguments[0]))) {
      String[] parts = line.split("\t", -1);
      List<String> set = new ArrayList<>();
      for (String word : parts[1].split(" ")) {
        if (word.startsWith("-D")) {
          String name = word.substring(2).split("=")[0];
          set.add(name);
          System.setProperty(name, word.substring(word.indexOf('=') + 1));
        }
      }
      System.setProperty(MavenCli.MULTIMODULE_PROJECT_DIRECTORY, parts[0]);
      List<String> words = new ArrayList<>(List.of("-q", "-B"));
      words.addAll(Arrays.asList(parts[2].split(" ")));
      ByteArrayOutputStream printed = new ByteArrayOutputStream();
      PrintStream before = System.out;
      PrintStream out = new PrintStream(printed);
      ClassWorld world = new ClassWorld("plexus.core", Thread.currentThread().getContextClassLoader());
      int status = new MavenCli(world).doMain(words.toArray(new String[0]), parts[0], out, out);
      out.flush();
      System.setOut(before);
      String error = "";
      for (String each : printed.toString().split("\n")) {
        if (error.isEmpty() && each.contains("ERROR")) {
          error = each;
        }
      }
      System.out.println("status\t" + status + "\t" + error.replace('\t', ' '));
      set.forEach(System::clearProperty);
    }
  }
}
