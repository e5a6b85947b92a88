"""Page views, one module per topic. A view parses the request, calls a query or action, renders."""
