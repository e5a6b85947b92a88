"""SCIM 2.0 (RFC 7643, RFC 7644): resources, filters and what is sent, over `scim2-models`."""
