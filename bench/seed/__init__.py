"""A generated catalog of any size, for benchmarks and trials (`manage.py make_catalogue`)."""
