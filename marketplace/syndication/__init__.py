"""Content for other programs: feeds, sitemaps, badges, social cards and well-known files."""
