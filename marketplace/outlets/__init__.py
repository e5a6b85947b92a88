"""What leaves the portal for other programs: feeds, sitemaps, badges, cards, fixed-name files."""
