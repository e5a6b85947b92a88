"""What identity providers change by SCIM, and how owners of an organization set that up."""
