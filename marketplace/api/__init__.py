"""The part of the API that finds: the catalogue's list with the search engine, suggestions."""
