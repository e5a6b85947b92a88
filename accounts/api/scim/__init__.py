"""The SCIM endpoints of organizations."""
