"""Commands about who may see, change and publish a plugin."""
