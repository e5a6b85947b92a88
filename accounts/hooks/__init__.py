"""What higher apps add to accounts, which cannot import them. They register it in `AppConfig.ready`."""
