"""Every rule a check can report, as data: its severity, what it means, what the author does.

`docs/checks.md` lists the same rules for people. An `error` is a reason to refuse a release;
warnings and notes inform and never block. Ids are stable: they are stored with releases.
"""

from __future__ import annotations

from dataclasses import dataclass

from plugport.checks.base import Finding, Severity

NOTE, WARNING, ERROR = Severity.NOTE, Severity.WARNING, Severity.ERROR


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing a check looks for. `advice` is the hint that its findings carry by default."""

    id: str
    check: str
    severity: Severity
    title: str
    advice: str


_ALL = (
    # archive: what a package should not carry, although it can be read safely
    Rule("archive-binary", "archive", NOTE, "A compiled file is in the package",
         "Ship sources, or say in the README where the binary comes from: nobody can review it."),
    Rule("archive-nested", "archive", NOTE, "An archive is inside the package",
         "Unpack it into the plugin: what lies inside an archive is not checked."),
    Rule("archive-leftovers", "archive", WARNING, "Working files were packed",
         "List them in `.plugportignore` and pack again."),
    # manifest: what was read, but not as the author may think
    Rule("manifest-ignored", "manifest", WARNING, "A part of the manifest was ignored or changed",
         "Correct or remove the field, so that the manifest says what the registry stores."),
    Rule("name-reserved", "manifest", ERROR, "The name is reserved",
         "Choose another name, or put the plugin into a scope of yours: `@scope/name`."),
    Rule("description-missing", "manifest", WARNING, "There is no description",
         "Write one sentence that says what the plugin does: search and cards show it."),
    Rule("author-missing", "manifest", NOTE, "No author is named",
         "Name a person or an organisation in `author`."),
    Rule("repository-missing", "manifest", NOTE, "No source repository is named",
         "Set `repository`, so that people can read the source and report faults."),
    Rule("dependency-on-itself", "manifest", ERROR, "The plugin depends on itself",
         "Remove its own name from the dependencies."),
    Rule("dependency-any-version", "manifest", NOTE, "A dependency accepts every version",
         "Give a range such as `^1.2.0`: any later major version may break the plugin."),
    # limits: allowed, but costly for whoever installs it
    Rule("package-large", "limits", WARNING, "The package is large",
         "Leave out what is not needed at run time (`.plugportignore`)."),
    Rule("file-large", "limits", NOTE, "A file is large",
         "Fetch large data when it is first needed, or publish it as a plugin of its own."),
    Rule("many-files", "limits", WARNING, "The package has very many files",
         "Leave out installed dependencies and build leftovers (`.plugportignore`)."),
    Rule("readme-long", "limits", NOTE, "The README is very long",
         "Move reference material into a `docs/` folder and link to it."),
    # files: what a package of this dialect and kind must or should hold
    Rule("readme-missing", "files", WARNING, "There is no README",
         "Add a `README.md` that says what the plugin does, how to configure and how to use it."),
    Rule("readme-empty", "files", WARNING, "The README says next to nothing",
         "Describe purpose, configuration and use in the README."),
    Rule("changelog-missing", "files", NOTE, "There is no changelog",
         "Add a `CHANGELOG.md`: it is shown beside each release."),
    Rule("licence-file-missing", "files", NOTE, "There is no licence file",
         "Add a `LICENSE` file with the text of the licence."),
    Rule("main-missing", "files", ERROR, "The main file is not in the package",
         "Correct the path in the manifest or add the file; see that no ignore rule drops it."),
    Rule("main-not-built", "files", WARNING, "The main file is a build result that was not packed",
         "Build before packing, and see that no ignore rule drops the build folder."),
    Rule("types-missing", "files", WARNING, "The type declarations are not in the package",
         "Correct `types` in the manifest or add the file."),
    Rule("component-missing", "files", ERROR, "A component that the manifest names is missing",
         "Correct the path in the manifest or add the file."),
    Rule("path-outside", "files", ERROR, "The manifest points outside the package",
         "Use a relative path without `..` to a file of the package."),
    Rule("index-missing", "files", ERROR, "A donkeylabs plugin has no `index.ts`",
         "Add `index.ts` (or `index.js`) at the root, or name another file in `main`."),
    Rule("skill-incomplete", "files", ERROR, "A skill folder has no `SKILL.md`",
         "Add `SKILL.md` to the folder, or move it out of `skills/`."),
    Rule("nothing-inside", "files", WARNING, "The package brings nothing that a host could use",
         "Add commands, agents, skills, hooks or servers at the places the dialect reads."),
    # licence: may people use it
    Rule("licence-missing", "licence", WARNING, "No licence is declared",
         "Set `license` to an SPDX expression such as `MIT`: without one nobody may use the plugin."),
    Rule("licence-unknown", "licence", WARNING, "The licence is not a valid SPDX expression",
         "Use ids of the SPDX list joined by `AND`, `OR`, `WITH`, or `SEE LICENSE IN FILE`."),
    Rule("licence-deprecated-id", "licence", NOTE, "The licence id is an outdated one",
         "Use the current id."),
    Rule("licence-spelling", "licence", NOTE, "The licence id is spelled differently on the SPDX list",
         "Use the spelling of the SPDX list."),
    Rule("licence-own-terms", "licence", NOTE, "The plugin comes under terms of its own",
         "Make sure that the terms are in the package."),
    Rule("licence-file-not-found", "licence", WARNING, "The licence file that the manifest names is missing",
         "Add the file, or correct its name."),
    Rule("licence-file-differs", "licence", WARNING, "Licence file and manifest disagree",
         "Make the two say the same."),
    # secrets: what must never be published
    Rule("secret-file", "secrets", ERROR, "A file that holds secrets is in the package",
         "Remove it, list it in `.plugportignore`, and replace the secrets in it: they are exposed."),
    Rule("secret-private-key", "secrets", ERROR, "A private key is in the package",
         "Remove it and replace the key pair."),
    Rule("secret-token", "secrets", ERROR, "An access token or key is in the package",
         "Remove it, read it from the configuration or the environment, and revoke the old one."),
    Rule("secret-in-url", "secrets", ERROR, "A URL with a password is in the package",
         "Remove the password, read it from the configuration, and change it."),
    Rule("secret-allowed", "secrets", NOTE, "A secret was found on a line marked as harmless",
         "Leave the mark only where the value opens nothing, such as an example or a test key."),
    Rule("secrets-not-scanned", "secrets", NOTE, "Some text was not searched for secrets",
         "Look through it yourself, or split it into smaller files."),
    Rule("scan-not-installed", "secrets", NOTE, "Not every search for secrets was run here",
         "Install the extra `scan` (`plugport[scan]`); the registry runs all of them."),
    # every check
    Rule("more-findings", "*", NOTE, "Further findings were left out",
         "Solve the listed ones first and check again."),
)  # fmt: skip

RULES: dict[str, Rule] = {rule.id: rule for rule in _ALL}


def make_finding(
    rule_id: str,
    message: str,
    *,
    hint: str | None = None,
    path: str | None = None,
    line: int | None = None,
) -> Finding:
    """Make a finding of a known rule; `hint` replaces the rule's advice. Raises KeyError if unknown."""
    rule = RULES[rule_id]
    return Finding(rule.id, rule.severity, message, hint or rule.advice, path, line)
