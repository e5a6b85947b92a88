"""SAML 2.0 as a service provider: requests by redirect, answers by POST (Web Browser SSO Profile)."""
