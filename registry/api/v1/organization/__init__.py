"""What belongs to one organization: its log, issuers of identity tokens, and rules for groups."""
