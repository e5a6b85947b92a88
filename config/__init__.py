"""Settings, URLs, the worker and the HTTP form of errors: the composition of the apps."""
