"""Gradle builds, each of a kind of its own; `make poms` holds those in `GROOVY` against Gradle 4.4.1."""

from dataclasses import dataclass


@dataclass(frozen=True)
class GradleCase:
    """The files of a build, what its main classes are compiled for, and the newest release of all it compiles."""

    files: dict[str, str]
    release: int | None
    newest: int | None


JAVA = "apply plugin: 'java'\n"

GROOVY: dict[str, GradleCase] = {
    "a number": GradleCase({"build.gradle": JAVA + "sourceCompatibility = 1.7\n"}, 7, 7),
    "a text": GradleCase({"build.gradle": JAVA + "sourceCompatibility = '1.8'\ntargetCompatibility = \"1.8\"\n"}, 8, 8),
    "a constant": GradleCase({"build.gradle": JAVA + "sourceCompatibility = JavaVersion.VERSION_1_6\n"}, 6, 6),
    "a call without a sign": GradleCase(
        {
            "build.gradle": JAVA
            + "tasks.withType(JavaCompile) {\n  sourceCompatibility '1.7'\n  targetCompatibility '1.7'\n}\n"
        },
        7,
        7,
    ),
    "both in one line": GradleCase(
        {"build.gradle": JAVA + "sourceCompatibility = targetCompatibility = '1.7'; version = '25'\n"}, 7, 7
    ),
    "a target that is newer": GradleCase(
        {"build.gradle": JAVA + "sourceCompatibility = 1.6\ntargetCompatibility = 1.8\n"}, 8, 8
    ),
    "the last one counts": GradleCase(
        {"build.gradle": JAVA + "sourceCompatibility = 1.6\nsourceCompatibility = 1.7\n"}, 7, 7
    ),
    "comments": GradleCase(
        {
            "build.gradle": "/* sourceCompatibility = 1.5 */\n"
            + JAVA
            + "sourceCompatibility = 1.7 // not 1.8\n//sourceCompatibility = 1.9\nurl = 'http://sourceCompatibility'\n".replace(
                "url", "ext.url"
            )
        },
        7,
        7,
    ),
    "a variable": GradleCase({"build.gradle": JAVA + "def level = '1.7'\nsourceCompatibility = level\n"}, 7, 7),
    "an extra property": GradleCase(
        {"build.gradle": JAVA + 'ext {\n  level = 1.7\n}\nsourceCompatibility = "${level}"\n'}, 7, 7
    ),
    "an extra property by its long name": GradleCase(
        {"build.gradle": "ext.level = '1.7'\n" + JAVA + "sourceCompatibility = project.ext.level\n"}, 7, 7
    ),
    "gradle.properties": GradleCase(
        {"build.gradle": JAVA + "sourceCompatibility = javaLevel\n", "gradle.properties": "# level\njavaLevel = 1.7\n"},
        7,
        7,
    ),
    "findProperty with a value for want of one": GradleCase(
        {"build.gradle": JAVA + "sourceCompatibility = findProperty('nobody') ?: '1.7'\n"}, 7, 7
    ),
    "all tasks": GradleCase(
        {
            "build.gradle": JAVA
            + "tasks.withType(JavaCompile) {\n  sourceCompatibility = '1.7'\n  targetCompatibility = '1.7'\n}\n"
        },
        7,
        7,
    ),
    "tests for a newer release": GradleCase(
        {
            "build.gradle": JAVA
            + "sourceCompatibility = 1.7\n"
            + "compileTestJava {\n  sourceCompatibility = 1.8\n  targetCompatibility = 1.8\n}\n"
        },
        7,
        8,
    ),
    "a task by its name": GradleCase(
        {
            "build.gradle": JAVA
            + "sourceCompatibility = 1.7\n"
            + "compileTestJava.sourceCompatibility = 1.8\ncompileTestJava.targetCompatibility = 1.8\n"
        },
        7,
        8,
    ),
    "all projects": GradleCase(
        {
            "settings.gradle": "include 'a', ':b:c'\n",
            "build.gradle": "allprojects {\n  apply plugin: 'java'\n  sourceCompatibility = 1.7\n}\n",
            "b/c/build.gradle": "sourceCompatibility = 1.8\n",
        },
        8,
        8,
    ),
    "subprojects, one of which is for another release": GradleCase(
        {
            "settings.gradle": "include(\n  'old',\n  'new'\n)\n",
            "build.gradle": "subprojects {\n  apply plugin: 'java'\n  sourceCompatibility = '1.8'\n}\n"
            "project(':old') {\n  sourceCompatibility = '1.6'\n}\n",
        },
        8,
        8,
    ),
    "a project in a folder of another name": GradleCase(
        {
            "settings.gradle": "include 'core'\nproject(':core').projectDir = new File(settingsDir, 'modules/core')\n",
            "build.gradle": "",
            "modules/core/build.gradle": JAVA + "sourceCompatibility = 1.7\n",
        },
        7,
        7,
    ),
    "a script that is applied": GradleCase(
        {
            "build.gradle": 'apply from: "$rootDir/gradle/java.gradle"\n',
            "gradle/java.gradle": JAVA + "sourceCompatibility = 1.7\n",
        },
        7,
        7,
    ),
    "a property that the build script itself uses": GradleCase(
        {
            "build.gradle": "buildscript {\n  ext {\n    level = '1.7'\n  }\n}\n"
            + JAVA
            + "sourceCompatibility = level\n",
        },
        7,
        7,
    ),
}

READ_ONLY: dict[str, GradleCase] = {  # Gradle 4.4.1 knows none of these
    "a release of the compiler": GradleCase(
        {"build.gradle": JAVA + "sourceCompatibility = 17\ncompileJava.options.release = 11\n"}, 11, 11
    ),
    "a release for all tasks": GradleCase(
        {"build.gradle": "tasks.withType(JavaCompile).configureEach {\n  options.release.set(11)\n}\n"}, 11, 11
    ),
    "arguments of the compiler": GradleCase(
        {"build.gradle": "compileJava {\n  options.compilerArgs.addAll(['--release', '11'])\n}\n"}, 11, 11
    ),
    "a toolchain": GradleCase(
        {"build.gradle": "java {\n  toolchain {\n    languageVersion = JavaLanguageVersion.of(17)\n  }\n}\n"}, 17, 17
    ),
    "a toolchain and an older release": GradleCase(
        {
            "build.gradle": "java { toolchain { languageVersion = JavaLanguageVersion.of(21) } }\n"
            "compileJava { options.release = 8 }\n"
        },
        8,
        8,
    ),
    "a release that is no Java": GradleCase(
        {"build.gradle": "release {\n  tag = 'v17'\n}\ngithubRelease.release = 17\n"}, None, None
    ),
    "a further set of sources": GradleCase(
        {
            "build.gradle": "sourceCompatibility = 8\n"
            "compileJava9Java {\n  sourceCompatibility = 9\n  options.release = 9\n}\n"
        },
        8,
        9,
    ),
    "Kotlin": GradleCase(
        {
            "build.gradle.kts": "plugins { java }\njava {\n  sourceCompatibility = JavaVersion.VERSION_11\n"
            "  targetCompatibility = JavaVersion.VERSION_11\n}\n"
        },
        11,
        11,
    ),
    "Kotlin's toolchain": GradleCase(
        {"build.gradle.kts": "java {\n  toolchain {\n    languageVersion.set(JavaLanguageVersion.of(21))\n  }\n}\n"},
        21,
        21,
    ),
    "Kotlin's other toolchain": GradleCase({"build.gradle.kts": "kotlin {\n  jvmToolchain(17)\n}\n"}, 17, 17),
    "Kotlin's release": GradleCase(
        {"build.gradle.kts": "tasks.withType<JavaCompile>().configureEach {\n  options.release.set(17)\n}\n"}, 17, 17
    ),
    "Kotlin's properties": GradleCase(
        {
            "build.gradle.kts": 'val level by extra("17")\nval other: String = "x"\n'
            "java.sourceCompatibility = JavaVersion.toVersion(level)\n"
        },
        17,
        17,
    ),
    "a version catalog": GradleCase(
        {
            "settings.gradle.kts": 'include(":app")\n',
            "build.gradle.kts": "",
            "app/build.gradle.kts": "java.toolchain {\n"
            "  languageVersion = JavaLanguageVersion.of(libs.versions.java.level.get())\n}\n",
            "gradle/libs.versions.toml": '[versions]\njava-level = "21"\n[libraries]\n',
        },
        21,
        21,
    ),
    "a catalog that is no TOML": GradleCase(
        {"build.gradle.kts": "java.sourceCompatibility = libs.versions.java\n", "gradle/libs.versions.toml": "= ["},
        None,
        None,
    ),
}
