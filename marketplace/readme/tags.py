"""Which HTML a README may use, as data for the steps that read and write it."""

from __future__ import annotations

VOID = frozenset({"br", "hr", "img", "input", "source", "wbr"})

INLINE = frozenset(
    {
        *("a", "abbr", "b", "bdi", "bdo", "cite", "code", "del", "dfn", "em", "i", "ins", "kbd"),
        *("mark", "picture", "q", "s", "samp", "small", "span", "strike", "strong", "sub", "sup"),
        *("tt", "u", "var"),
    }
)
# A block ends an open paragraph, as in HTML itself.
BLOCK = frozenset(
    {
        *("blockquote", "center", "dd", "details", "div", "dl", "dt", "figcaption", "figure"),
        *("h1", "h2", "h3", "h4", "h5", "h6", "hr", "li", "ol", "p", "pre", "section", "summary"),
        *("table", "ul"),
    }
)
# Where each part of a table may stand.
TABLE_PARENTS = {
    "caption": frozenset({"table"}),
    "thead": frozenset({"table"}),
    "tbody": frozenset({"table"}),
    "tfoot": frozenset({"table"}),
    "tr": frozenset({"table", "thead", "tbody", "tfoot"}),
    "td": frozenset({"tr"}),
    "th": frozenset({"tr"}),
}
TABLE_FRAME = frozenset({"table", "thead", "tbody", "tfoot", "tr"})
ALLOWED = VOID | INLINE | BLOCK | frozenset(TABLE_PARENTS)

# An item that opens ends the one before it in the same list.
ENDS_BEFORE = {
    "li": (frozenset({"li"}), frozenset({"ul", "ol"})),
    "dt": (frozenset({"dt", "dd"}), frozenset({"dl"})),
    "dd": (frozenset({"dt", "dd"}), frozenset({"dl"})),
    "a": (frozenset({"a"}), frozenset({"td", "th"})),
}

# What stands in these is code or hidden, never prose: it goes together with the tag.
HIDDEN = frozenset({"script", "style", "template", "noscript", "iframe", "object", "svg", "math"})

ATTRIBUTES: dict[str, set[str]] = {
    "*": {"id", "class", "dir", "lang", "title", "align"},
    "a": {"href"},
    "img": {"src", "alt", "width", "height"},
    "source": {"srcset", "media", "type"},
    "input": {"type", "checked", "disabled"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan"},
    "ol": {"start"},
    "details": {"open"},
}
