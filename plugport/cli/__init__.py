"""The command line `plugport`: one module per command over `plugport.client` and `.installer`."""
