"""Credentials of people: passwords, second factors, devices, keys in mails, sessions."""
