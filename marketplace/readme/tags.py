"""The HTML elements and attributes that a README can use."""

from __future__ import annotations

VOID = frozenset({"br", "hr", "img", "input", "source", "wbr"})

INLINE = frozenset(
    {
        *("a", "abbr", "b", "bdi", "bdo", "cite", "code", "del", "dfn", "em", "i", "ins", "kbd"),
        *("mark", "picture", "q", "s", "samp", "small", "span", "strike", "strong", "sub", "sup"),
        *("tt", "u", "var"),
    }
)
# A block element ends an open paragraph (HTML Standard, section 4.4.1).
BLOCK = frozenset(
    {
        *("blockquote", "center", "dd", "details", "div", "dl", "dt", "figcaption", "figure"),
        *("h1", "h2", "h3", "h4", "h5", "h6", "hr", "li", "ol", "p", "pre", "section", "summary"),
        *("table", "ul"),
    }
)
# The possible parents of each part of a table.
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

# Opening one of these elements ends the previous one in the same list.
ENDS_BEFORE = {
    "li": (frozenset({"li"}), frozenset({"ul", "ol"})),
    "dt": (frozenset({"dt", "dd"}), frozenset({"dl"})),
    "dd": (frozenset({"dt", "dd"}), frozenset({"dl"})),
    "a": (frozenset({"a"}), frozenset({"td", "th"})),
}

# The content of these elements is code or hidden, so it is removed together with the element.
HIDDEN = frozenset({"script", "style", "template", "noscript", "iframe", "object", "svg", "math"})

ATTRIBUTES: dict[str, set[str]] = {
    "*": {"id", "class", "dir", "lang", "title", "align"},
    "a": {"href", "name"},
    "img": {"src", "alt", "width", "height"},
    "source": {"srcset", "media", "type"},
    "input": {"type", "checked", "disabled"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan"},
    "ol": {"start"},
    "details": {"open"},
}
