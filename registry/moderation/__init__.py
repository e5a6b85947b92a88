"""What moderators see in Django's admin, and how a decision is confirmed."""
