# Importing registers the pages.
from accounts.admin import mail_domains, organizations, users

__all__ = ["mail_domains", "organizations", "users"]
