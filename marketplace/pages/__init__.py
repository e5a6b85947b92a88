"""The pages, one module each. A view parses, asks a query or an action, and renders."""
