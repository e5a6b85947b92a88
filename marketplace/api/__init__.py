"""Search in the API: the list of plugins and suggestions."""
