"""The check of contrasts finds every element that axe finds, though it remembers looks."""

from __future__ import annotations

import pytest

from tests.journeys.axe import find_color_violations

# Each element has the look of an element before it, except for one thing.
_PAGE = """<!doctype html><html lang="en"><title>Looks</title><style>
body { background: white; color: #333; font: 16px sans-serif }
.half { opacity: 0.4 }
.dim { background: #444 }
.layer { position: relative; height: 3em }
.layer > * { position: absolute; inset: 0; margin: 0 }
.small { color: #8a8a8a; font-size: 30px }
.shade { background: rgb(0 0 0 / 30%) }
@media (prefers-color-scheme: dark) { .late { color: #bbb } }
@media (width < 400px) { .small { font-size: 12px } .wide { display: none } .narrow { background: #444 } }
@media (width >= 400px) { .only-narrow { display: none } }
</style><main><h1>Looks</h1>
<p>Fine</p><p>Fine as well</p>
<p id="a" class="half">Lost</p><div class="half"><p id="b">Lost in a box</p></div>
<p id="c" class="dim">Lost on dark</p>
<div class="layer"><div class="dim"></div><p id="d">Lost on a layer</p></div>
<div class="layer"><div></div><p>Fine on a layer</p></div>
<div class="shade"><p>Fine in a shade</p><div class="shade"><p id="e">Lost in two shades</p></div></div>
<p class="small" id="f">Lost when small</p><p class="late" id="g">Lost in the dark</p>
<p id="h" class="narrow">Lost when narrow</p><p id="i" class="only-narrow dim">Lost there too</p>
<p id="j" class="wide dim">Lost when wide</p><input id="k" class="dim" value="Lost" aria-label="Field">
</main>"""


@pytest.mark.parametrize(
    ("scheme", "width", "lost"),
    [("light", 1280, "abcdejk"), ("dark", 1280, "abcdegjk"), ("light", 320, "abcdefhik")],
)
def test_every_lost_text_is_found(chromium, scheme, width, lost):
    """On a page where other looks, schemes and widths have passed before."""
    tab = chromium.new_page(color_scheme="light")
    tab.set_content(_PAGE)
    find_color_violations(tab)
    tab.emulate_media(color_scheme="dark")
    find_color_violations(tab)
    tab.emulate_media(color_scheme=scheme)
    tab.set_viewport_size({"width": width, "height": 640})
    violations = find_color_violations(tab)
    found = {name for name in "abcdefghijk" if any(f'id="{name}"' in each for each in violations)}
    assert found == set(lost)
    assert len(violations) == len(lost)
    tab.close()
