"""Reads of the domains of email addresses. Each function states how many SQL queries it runs."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import F, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Lower, StrIndex, Substr

from accounts.models import LapsedAddress, MailDomain, User


def is_address_lapsed(user: User) -> bool:
    """Whether the address is not verified because its domain no longer exists: at most 1 query."""
    if user.is_verified or not user.email:
        return False
    return LapsedAddress.objects.filter(user=user, email__iexact=user.email).exists()


def list_due_domains(*, before: dt.datetime, limit: int) -> list[str]:
    """Domains of verified addresses that were not checked since `before`, oldest check first: 1 query."""
    checked = MailDomain.objects.filter(domain=OuterRef("mail_domain")).values("checked_at")
    rows = list_addresses().values("mail_domain").distinct().annotate(last=Subquery(checked))
    due = rows.filter(Q(last=None) | Q(last__lte=before)).order_by(
        F("last").asc(nulls_first=True), "mail_domain"
    )
    return [row["mail_domain"] for row in due[:limit]]


def list_addresses() -> QuerySet[Any]:
    """The accounts whose address counts, each with its `mail_domain`.

    Not those that an identity provider created: their passwords cannot be reset by mail.
    """
    domain = Lower(Substr("email", StrIndex("email", Value("@")) + 1))
    rows = User.objects.filter(is_verified=True, is_active=True, email__contains="@")
    rows = rows.exclude(sso_identities__is_provisioned=True)
    rows = rows.filter(scim_users=None)
    return rows.annotate(mail_domain=domain)
