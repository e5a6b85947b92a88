"""Hypothesis strategies for manifests of all kinds."""

from __future__ import annotations

from hypothesis import strategies as st

from plugport.spec.manifest.kinds import KINDS, KindField
from plugport.spec.manifest.model import (
    Config,
    Dependencies,
    Manifest,
    Person,
    Repository,
)
from plugport.spec.manifest.permissions import build_permissions
from plugport.spec.names import PluginName
from plugport.spec.versions import Version

# Letters, and everything that YAML or JSON could take for something else.
_ODD = "aB9 .,:;-_#'\"{}[]&*!|>%@`~=/<()éß漢😀"
words = st.text("abcxyz019", min_size=1, max_size=8)
texts = st.text(_ODD, min_size=1, max_size=20).map(str.strip).filter(bool)
proses = st.builds(
    " ".join, st.lists(words | st.sampled_from(["yes", "1.0", "#", "a: b"]), min_size=1)
)
urls = st.builds("https://{}.example/{}".format, words, words)
paths = st.builds("{}/{}.js".format, words, words)
ranges = st.sampled_from(["*", "^1.2.0", ">=1 <3", "1.x || 2.x", "~0.3"])
names = st.builds(PluginName, st.none() | words, words)
versions = st.builds(
    lambda a, b, c, tail: Version.parse(f"{a}.{b}.{c}{tail}"),
    st.integers(0, 99),
    st.integers(0, 99),
    st.integers(0, 99),
    st.sampled_from(["", "-rc.1", "-alpha", "+build.5", "-rc.1+b"]),
)
json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
# What stands at the top of `extra` or `extensions` must be there: null means absent.
json_mappings = st.dictionaries(
    st.builds("x-{}".format, words), json_values.filter(lambda v: v is not None), max_size=3
)
labels = st.lists(words, max_size=4, unique=True).map(tuple)


def build_values(field: KindField) -> st.SearchStrategy[object]:
    """Values that a field of a kind allows."""
    if field.members:
        required = {m.name: build_values(m) for m in field.members if m.need == "required"}
        optional = {m.name: build_values(m) for m in field.members if m.need != "required"}
        members = st.fixed_dictionaries(required, optional=optional)
        return members if field.type == "object" else st.lists(members, min_size=1, max_size=3)
    one = st.sampled_from(field.allowed) if field.allowed else words
    return {
        "text": words.map("/{}".format) if field.name == "endpoint" else one,
        "texts": st.lists(one, min_size=1, max_size=3, unique=True),
        "lines": st.lists(words.map("  {}".format) | st.just(""), min_size=1, max_size=3),
        "flag": st.booleans(),
        "path": paths,
        "target": paths,
        "any": json_values.filter(lambda value: value is not None),
    }[field.type]


def build_kind_fields(kind: str) -> st.SearchStrategy[dict[str, object]]:
    """Fields of a kind, with all required ones."""
    fields = KINDS[kind].fields
    required = {each.name: build_values(each) for each in fields if each.need == "required"}
    optional = {each.name: build_values(each) for each in fields if each.need != "required"}
    return st.fixed_dictionaries(required, optional=optional)


def build_manifests(kind: str) -> st.SearchStrategy[Manifest]:
    """Manifests of one kind."""
    return st.builds(
        Manifest,
        name=names,
        version=versions,
        kind=st.just(kind),
        dialect=st.just("plugport"),
        description=proses | st.just(""),
        display_name=st.none() | texts,
        author=st.none()
        | st.builds(Person, texts, st.none() | words.map("{}@x.example".format), st.none() | urls),
        license=st.none() | texts,
        homepage=st.none() | urls,
        repository=st.none()
        | st.builds(Repository, urls, st.sampled_from(["git", "hg"]), st.none() | paths),
        categories=labels,
        tags=labels,
        main=st.none() | paths,
        types=st.none() | paths,
        config=st.none() | st.builds(Config, json_mappings, st.just(("A", "b")), labels),
        dependencies=st.builds(
            Dependencies,
            st.dictionaries(names.map(str), ranges, max_size=3),
            st.dictionaries(words, ranges, max_size=3),
            st.dictionaries(words.map("@s/{}".format), ranges, max_size=3),
        ),
        engine=st.dictionaries(words, ranges, max_size=2),
        framework=st.none() | ranges,
        permissions=st.builds(
            lambda env, programs, hosts, files: build_permissions(
                env=env, exec=programs, network=hosts, filesystem=files
            ),
            st.sets(words.map("V{}".format), max_size=3),
            st.sets(words, max_size=3),
            st.sets(words, max_size=3),
            st.sets(paths.map("read:{}".format), max_size=3),
        ),
        kind_fields=build_kind_fields(kind),
        components=st.dictionaries(
            st.sampled_from(["commands", "agents", "skills"]), paths, max_size=2
        ),
        extensions=json_mappings,
        extra=json_mappings,
    )


manifests = st.sampled_from(sorted(KINDS)).flatmap(build_manifests)
