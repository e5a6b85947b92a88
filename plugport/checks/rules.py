"""The rules of all checks, as data: severity, title and advice for the author.

`docs/checks.md` lists the same rules. An `error` rejects a release; warnings and notes never block,
unless the rule needs a review.
Ids are stable, because they are stored with releases.
"""

from __future__ import annotations

from msgspec import Struct

from plugport.checks.base import Finding, Severity

NOTE, WARNING, ERROR = Severity.NOTE, Severity.WARNING, Severity.ERROR


class Rule(Struct, frozen=True):
    """A rule of a check. `advice` is the default hint of its findings.

    A person must look at a finding of a rule that `needs_review`: registries hold the release.
    """

    id: str
    check: str
    severity: Severity
    title: str
    advice: str
    needs_review: bool = False


_ALL = (
    # archive: files that are safe to unpack but do not belong in a package
    Rule("archive-binary", "archive", NOTE, "Compiled file in the package",
         "Include the sources, or document the origin of the binary in the README, because reviewers cannot read it."),
    Rule("archive-nested", "archive", NOTE, "Archive in the package",
         "Unpack it into the plugin. The content of nested archives is not checked."),
    Rule("archive-leftovers", "archive", WARNING, "Working files in the package",
         "Add them to `.plugportignore` and pack again."),
    # manifest: ignored fields, and missing recommended fields
    Rule("manifest-ignored", "manifest", WARNING, "Manifest field ignored or changed",
         "Correct or remove the field, so that the manifest matches what the registry stores."),
    Rule("manifest-conflict", "manifest", ERROR, "Manifests of the package contradict each other",
         "Declare the same entry points, hooks, servers and permissions in both manifests, or remove one."),
    Rule("manifest-unreadable", "manifest", ERROR, "Another manifest of the package cannot be compared",
         "Correct the manifest, remove it, or move it out of the root if it belongs to another program."),
    Rule("manifest-other-identity", "manifest", WARNING, "Another manifest has a different name or version",
         "Write the same name and version in all manifests of the package."),
    Rule("manifest-other-invalid", "manifest", WARNING, "Another manifest has invalid fields",
         "Correct the fields, so that hosts that read this manifest accept the plugin."),
    Rule("manifest-other-field", "manifest", NOTE, "Another manifest has a different value",
         "Write the same value in all manifests of the package."),
    Rule("manifest-additional", "manifest", NOTE, "Another manifest in the package",
         "Keep both in agreement, or remove the one that no host reads."),
    Rule("name-reserved", "manifest", WARNING, "Reserved name",
         "For a new plugin, choose another name, or use your scope: `@scope/name`. A plugin that already has the name keeps it."),
    Rule("description-missing", "manifest", WARNING, "Missing description",
         "Describe the plugin in one sentence. Search results and cards show it."),
    Rule("author-missing", "manifest", NOTE, "Missing author",
         "Set `author` to a person or an organization."),
    Rule("repository-missing", "manifest", NOTE, "Missing source repository",
         "Set `repository`, so that users can read the source and report bugs."),
    Rule("dependency-on-itself", "manifest", ERROR, "Plugin depends on itself",
         "Remove the plugin from its own dependencies."),
    Rule("dependency-any-version", "manifest", NOTE, "Dependency without a version range",
         "Set a range such as `^1.2.0`. A later major version can break the plugin."),
    # limits: packages that are allowed but unusually large
    Rule("package-large", "limits", WARNING, "Large package",
         "Exclude files that are not needed at run time with `.plugportignore`."),
    Rule("file-large", "limits", NOTE, "Large file",
         "Download large data on first use, or publish it as a separate plugin."),
    Rule("many-files", "limits", WARNING, "Package with many files",
         "Exclude installed dependencies and build files with `.plugportignore`."),
    Rule("text-too-large", "limits", WARNING, "Text too large to be shown",
         "Shorten the file or split it. Users can read it in the package only."),
    Rule("readme-long", "limits", NOTE, "Long README",
         "Move reference material to a `docs/` folder and link to it."),
    # files: files that the manifest or its format requires, and files that users expect
    Rule("readme-missing", "files", WARNING, "Missing README",
         "Add a `README.md` that describes what the plugin does and how to configure and use it."),
    Rule("readme-empty", "files", WARNING, "README without content",
         "Describe the purpose, configuration and usage in the README."),
    Rule("template-text", "files", WARNING, "Text of the template",
         "Replace it with your own text, or remove it. Users read it on the page of the plugin."),
    Rule("text-encoding-unknown", "files", ERROR, "Text in an unknown encoding",
         "Save the file as UTF-8. UTF-16 is read too if it has a byte order mark."),
    Rule("text-invalid", "files", WARNING, "Text with invalid characters",
         "Save the file as UTF-8. Invalid bytes are shown as `\ufffd`."),
    Rule("changelog-missing", "files", NOTE, "Missing changelog",
         "Add a `CHANGELOG.md` with a heading for each version. The section is shown with its release."),
    Rule("licence-file-missing", "files", NOTE, "Missing license file",
         "Add a `LICENSE` file with the text of the license."),
    Rule("main-missing", "files", ERROR, "Missing main file",
         "Correct the path in the manifest or add the file. Check that no ignore rule excludes it."),
    Rule("main-not-built", "files", WARNING, "Main file not built",
         "Build before packing. Check that no ignore rule excludes the build folder."),
    Rule("types-missing", "files", WARNING, "Missing type declarations",
         "Correct `types` in the manifest or add the file."),
    Rule("component-missing", "files", ERROR, "Missing component",
         "Correct the path in the manifest or add the file."),
    Rule("unicode-form-differs", "files", WARNING, "Unicode form differs",
         "Copy the file name into the manifest. Hosts on Linux find a file only by the same Unicode form."),
    Rule("path-outside", "files", ERROR, "Path outside of the package",
         "Use a relative path without `..` to a file in the package."),
    Rule("index-missing", "files", ERROR, "Missing entry point",
         "Add `index.ts` or `index.js` at the root, or set `main` to another file."),
    Rule("skill-incomplete", "files", ERROR, "Skill folder without `SKILL.md`",
         "Add `SKILL.md` to the folder, or move it out of `skills/`."),
    Rule("nothing-inside", "files", WARNING, "Package without components",
         "Add commands, agents, skills, hooks or servers in the folders of the manifest format."),
    # license: whether users have the right to use it
    Rule("licence-missing", "licence", WARNING, "Missing license",
         "Set `license` to an SPDX expression such as `MIT`. Without a license, nobody has the right to use the plugin."),
    Rule("licence-unknown", "licence", WARNING, "Invalid SPDX license expression",
         "Use ids of the SPDX list with `AND`, `OR` and `WITH`, or `SEE LICENSE IN FILE`."),
    Rule("licence-deprecated-id", "licence", NOTE, "Deprecated license id",
         "Use the current id."),
    Rule("licence-spelling", "licence", NOTE, "Misspelled license id",
         "Use the spelling of the SPDX list."),
    Rule("licence-own-terms", "licence", NOTE, "Custom license terms",
         "Include the license terms in the package."),
    Rule("licence-file-not-found", "licence", WARNING, "License file declared in the manifest is missing",
         "Add the file or correct its name."),
    Rule("licence-file-differs", "licence", WARNING, "License file differs from the manifest",
         "Change one of them, so that both name the same license."),
    # secrets: data that must never be published
    Rule("secret-file", "secrets", ERROR, "Secret file in the package",
         "Remove the file, add it to `.plugportignore`, and replace the secrets in it, because they are exposed."),
    Rule("secret-private-key", "secrets", ERROR, "Private key in the package",
         "Remove the key and replace the key pair."),
    Rule("secret-token", "secrets", ERROR, "Access token or key in the package",
         "Remove the token, read it from the configuration or the environment, and revoke the old one."),
    Rule("secret-in-url", "secrets", ERROR, "URL with a password in the package",
         "Remove the password, read it from the configuration, and change it."),
    Rule("secret-possible", "secrets", WARNING, "Password for an internal host",
         "Remove the password and read it from the configuration. The registry holds the release for a moderator.",
         needs_review=True),
    Rule("secret-example", "secrets", WARNING, "Password in an example",
         "Write a placeholder such as `<password>`. If the password is real, remove and change it."),
    Rule("secret-allowed", "secrets", NOTE, "Secret on a line marked as harmless",
         "Use the mark only for values that grant no access, such as examples and test keys."),
    Rule("secrets-not-scanned", "secrets", NOTE, "Text not searched for secrets",
         "Review the file yourself, or split it into smaller files."),
    Rule("scan-not-installed", "secrets", NOTE, "Secret scan incomplete",
         "Install the extra `scan` (`plugport[scan]`). The registry always has it."),
    # name: confusion with other plugins; only the registry knows them
    Rule("name-similar", "name", WARNING, "Name similar to that of another plugin",
         "Wait for a moderator, or publish under a name that nobody can confuse with the other one.",
         needs_review=True),
    # every check
    Rule("more-findings", "*", NOTE, "More findings",
         "Fix the listed problems first, then check again."),
)  # fmt: skip

RULES: dict[str, Rule] = {rule.id: rule for rule in _ALL}


def build_finding(
    rule_id: str,
    message: str,
    *,
    hint: str | None = None,
    path: str | None = None,
    line: int | None = None,
) -> Finding:
    """A finding of a rule. `hint` replaces the advice of the rule. Raises KeyError for an unknown id."""
    rule = RULES[rule_id]
    return Finding(rule.id, rule.severity, message, hint or rule.advice, path, line)
