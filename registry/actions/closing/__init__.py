"""What the end of an account ends in this app."""
