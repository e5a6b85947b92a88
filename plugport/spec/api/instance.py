"""What a registry says about itself."""

from __future__ import annotations

from typing import Annotated, TypedDict

from plugport.spec.api.values import describe


class Instance(TypedDict):
    name: str
    url: str
    downloadHosts: Annotated[
        list[str],
        describe("Hosts, with or without a port, that packages may be downloaded from."),
    ]
