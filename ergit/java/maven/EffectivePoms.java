import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Properties;
import java.util.Set;
import org.apache.maven.model.Dependency;
import org.apache.maven.model.InputLocation;
import org.apache.maven.model.InputLocationTracker;
import org.apache.maven.model.Model;
import org.apache.maven.model.Parent;
import org.apache.maven.model.Plugin;
import org.apache.maven.model.PluginExecution;
import org.apache.maven.model.Repository;
import org.apache.maven.model.building.DefaultModelBuilderFactory;
import org.apache.maven.model.building.DefaultModelBuildingRequest;
import org.apache.maven.model.building.FileModelSource;
import org.apache.maven.model.building.ModelBuilder;
import org.apache.maven.model.building.ModelBuildingException;
import org.apache.maven.model.building.ModelBuildingRequest;
import org.apache.maven.model.building.ModelSource;
import org.apache.maven.model.building.StringModelSource;
import org.apache.maven.model.management.DefaultPluginManagementInjector;
import org.apache.maven.model.plugin.DefaultPluginConfigurationExpander;
import org.apache.maven.model.resolution.ModelResolver;
import org.apache.maven.model.resolution.UnresolvableModelException;
import org.codehaus.plexus.util.xml.Xpp3Dom;

/**
 * The effective poms of many trees, by Maven's own model builder, in one JVM. No plugin and no extension is loaded, so
 * that nothing of a tree runs; nothing is fetched.
 *
 * <p>The first argument is a file of requests, the second the file for the answers (XML). A request is lines of a word
 * and a value (request, root, pom, user, system, on, off, repository), ended by the line "end".
 */
@SuppressWarnings("deprecation") // of Maven 4, which has another model builder too
final class EffectivePoms {
  private static final Set<String> READ =
      Set.of("maven-compiler-plugin", "maven-enforcer-plugin", "maven-toolchains-plugin");
  private static final int MOST_PROJECTS = 1000;

  private final ModelBuilder builder = new DefaultModelBuilderFactory().newInstance();
  private final PrintStream out;

  private EffectivePoms(PrintStream out) {
    this.out = out;
  }

  public static void main(String[] arguments) throws IOException {
    try (BufferedReader requests = Files.newBufferedReader(Path.of(arguments[0]));
        PrintStream out = new PrintStream(arguments[1], StandardCharsets.UTF_8)) {
      EffectivePoms poms = new EffectivePoms(out);
      out.println("<answers>");
      Request request = new Request();
      for (String line = requests.readLine(); line != null; line = requests.readLine()) {
        if (line.equals("end")) {
          poms.answer(request);
          request = new Request();
        } else {
          request.add(line);
        }
      }
      out.println("</answers>");
      if (out.checkError()) {
        throw new IOException("the answers could not be written");
      }
    }
  }

  private void answer(Request request) {
    out.println("<answer request=\"" + escaped(request.name) + "\">");
    Deque<File> waiting = new ArrayDeque<>(List.of(request.pom));
    Set<File> seen = new HashSet<>(waiting);
    while (!waiting.isEmpty() && seen.size() <= MOST_PROJECTS) {
      File pom = waiting.poll();
      try {
        Model model = effective(request, pom);
        print(request, pom, model);
        for (String module : model.getModules()) {
          File file = new File(pom.getParentFile(), module.replace('\\', File.separatorChar));
          File found = (file.isDirectory() ? new File(file, "pom.xml") : file).toPath().normalize().toFile();
          if (found.isFile() && found.toPath().startsWith(request.root) && seen.add(found)) {
            waiting.add(found);
          }
        }
      } catch (ModelBuildingException | RuntimeException error) {
        out.println("<problem>" + escaped(String.valueOf(error.getMessage())) + "</problem>");
      }
    }
    out.println("</answer>");
  }

  private Model effective(Request request, File pom) throws ModelBuildingException {
    ModelBuildingRequest asked =
        new DefaultModelBuildingRequest()
            .setPomFile(pom)
            .setModelResolver(new Offline(request.repository))
            .setUserProperties(request.user)
            .setSystemProperties(request.system)
            .setActiveProfileIds(request.on)
            .setInactiveProfileIds(request.off)
            .setValidationLevel(ModelBuildingRequest.VALIDATION_LEVEL_MINIMAL)
            .setLocationTracking(true)
            .setProcessPlugins(true)
            .setTwoPhaseBuilding(true); // dependencies, which decide nothing here, are neither imported nor checked
    Model model = builder.build(asked).getEffectiveModel();
    new DefaultPluginManagementInjector().injectManagement(model, asked, problem -> {});
    new DefaultPluginConfigurationExpander().expandPluginConfiguration(model, asked, problem -> {});
    return model;
  }

  private void print(Request request, File pom, Model model) {
    out.println(
        "<project path=\"" + escaped(request.name(pom.getPath())) + "\" packaging=\"" + escaped(model.getPackaging())
            + "\">");
    for (String name : model.getProperties().stringPropertyNames()) {
      InputLocation properties = model.getLocation("properties");
      InputLocation place = properties == null ? null : properties.getLocation(name);
      out.println(
          "<property name=\"" + escaped(name) + "\" stated-in=\"" + escaped(request.name(place)) + "\">"
              + escaped(model.getProperties().getProperty(name)) + "</property>");
    }
    if (model.getBuild() != null) {
      out.println("<build>");
      print(request, model.getBuild().getPlugins());
      if (model.getBuild().getPluginManagement() != null) {
        out.println("<pluginManagement>");
        print(request, model.getBuild().getPluginManagement().getPlugins());
        out.println("</pluginManagement>");
      }
      out.println("</build>");
    }
    out.println("</project>");
  }

  private void print(Request request, List<Plugin> plugins) {
    out.println("<plugins>");
    for (Plugin plugin : plugins) {
      if (READ.contains(plugin.getArtifactId())) {
        out.println("<plugin><groupId>" + escaped(plugin.getGroupId()) + "</groupId>");
        out.println("<artifactId>" + escaped(plugin.getArtifactId()) + "</artifactId>");
        print(request, plugin, (Xpp3Dom) plugin.getConfiguration());
        out.println("<executions>");
        for (PluginExecution execution : plugin.getExecutions()) {
          out.println("<execution><id>" + escaped(execution.getId()) + "</id>");
          if (execution.getPhase() != null) {
            out.println("<phase>" + escaped(execution.getPhase()) + "</phase>");
          }
          out.println("<goals>");
          for (String goal : execution.getGoals()) {
            out.println("<goal>" + escaped(goal) + "</goal>");
          }
          out.println("</goals>");
          print(request, execution, (Xpp3Dom) execution.getConfiguration());
          out.println("</execution>");
        }
        out.println("</executions></plugin>");
      }
    }
    out.println("</plugins>");
  }

  private void print(Request request, InputLocationTracker holder, Xpp3Dom configuration) {
    if (configuration != null) {
      print(request, request.name(holder.getLocation("configuration")), configuration);
    }
  }

  private void print(Request request, String around, Xpp3Dom element) {
    Object location = element.getInputLocation();
    String place = location instanceof InputLocation ? request.name((InputLocation) location) : around;
    String self = element.getAttribute("combine.self"); // merging once more then changes nothing
    String combine = self == null ? "" : " combine.self=\"" + escaped(self) + "\"";
    out.print("<" + element.getName() + " stated-in=\"" + escaped(place) + "\"" + combine + ">");
    if (element.getValue() != null) {
      out.print(escaped(element.getValue().trim()));
    }
    for (Xpp3Dom child : element.getChildren()) {
      print(request, place, child);
    }
    out.println("</" + element.getName() + ">");
  }

  private static String escaped(String text) {
    StringBuilder result = new StringBuilder();
    for (char letter : (text == null ? "" : text).toCharArray()) {
      if (letter == '&') {
        result.append("&amp;");
      } else if (letter == '<') {
        result.append("&lt;");
      } else if (letter == '>') {
        result.append("&gt;");
      } else if (letter == '"') {
        result.append("&quot;");
      } else {
        result.append(letter < ' ' || Character.isSurrogate(letter) || letter > 0xfffd ? ' ' : letter);
      }
    }
    return result.toString();
  }

  /** One tree under one JDK. */
  private static final class Request {
    String name = "";
    Path root = Path.of("");
    File pom = new File("");
    File repository = new File("");
    final Properties user = new Properties();
    final Properties system = new Properties();
    final List<String> on = new ArrayList<>();
    final List<String> off = new ArrayList<>();

    void add(String line) {
      String word = line.substring(0, line.indexOf(' '));
      String value = line.substring(word.length() + 1);
      if (word.equals("request")) {
        name = value;
      } else if (word.equals("root")) {
        root = Path.of(value);
      } else if (word.equals("pom")) {
        pom = root.resolve(value).normalize().toFile();
      } else if (word.equals("repository")) {
        repository = new File(value);
      } else if (word.equals("user")) {
        put(user, value);
      } else if (word.equals("system")) {
        put(system, value);
      } else if (word.equals("on")) {
        on.add(value);
      } else if (word.equals("off")) {
        off.add(value);
      } else {
        throw new IllegalArgumentException(line);
      }
    }

    private static void put(Properties properties, String text) {
      int equals = text.indexOf('=');
      properties.setProperty(text.substring(0, equals), text.substring(equals + 1));
    }

    String name(InputLocation location) {
      if (location == null || location.getSource() == null) {
        return "";
      }
      String place = location.getSource().getLocation();
      return place == null ? location.getSource().getModelId() : name(place);
    }

    /** A file of the tree by its path in it, any other one by its whole path. */
    String name(String file) {
      Path path = Path.of(file);
      return path.startsWith(root) ? root.relativize(path).toString() : file;
    }
  }

  /** Parents come out of the local repository; nothing else is asked for. */
  private static final class Offline implements ModelResolver {
    private final File repository;

    Offline(File repository) {
      this.repository = repository;
    }

    @Override
    public ModelSource resolveModel(String group, String artifact, String version) throws UnresolvableModelException {
      String name = artifact + "-" + version + ".pom";
      File file =
          repository.toPath().resolve(group.replace('.', '/')).resolve(artifact).resolve(version).resolve(name).toFile();
      if (!file.isFile()) {
        throw new UnresolvableModelException("it is not in the local repository", group, artifact, version);
      }
      return new FileModelSource(file);
    }

    @Override
    public ModelSource resolveModel(Parent parent) throws UnresolvableModelException {
      return resolveModel(parent.getGroupId(), parent.getArtifactId(), parent.getVersion());
    }

    @Override
    public ModelSource resolveModel(Dependency dependency) {
      return new StringModelSource("<project/>");
    }

    @Override
    public void addRepository(Repository repository) {}

    @Override
    public void addRepository(Repository repository, boolean replace) {}

    @Override
    public ModelResolver newCopy() {
      return this;
    }
  }
}
