"""Pictures of READMEs, shown by this registry so that no reader's browser asks anybody else.

address.py       /images/<signature>/<payload>: which picture, and that we named it
sniff.py         what the bytes are, whatever they are called
shelf.py         pictures kept on disk, within a size
fetching.py      from the shelf, else from its place, without holding the web threads up
placeholder.py   what stands where a picture cannot be shown
"""
