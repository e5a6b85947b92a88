from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import Exists, OuterRef, Q


def require_verification(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Accounts of the sign-up form that were never used have to verify their address.

    Accounts that ever had a token or changed anything keep working, and so do those that an operator
    created: only the sign-up form writes rows of `EmailAddress`.
    """
    User = apps.get_model("accounts", "User")
    Token = apps.get_model("accounts", "Token")
    AuditEntry = apps.get_model("accounts", "AuditEntry")
    EmailAddress = apps.get_model("account", "EmailAddress")
    staff = Q(is_staff=True) | Q(is_superuser=True) | Q(is_moderator=True)
    User.objects.filter(
        Exists(EmailAddress.objects.filter(user=OuterRef("pk"), verified=False)),
        ~Exists(Token.objects.filter(user=OuterRef("pk"))),
        ~Exists(AuditEntry.objects.filter(actor=OuterRef("pk"))),
        ~staff,
    ).update(is_verified=False)


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0004_verify_accounts"),
        ("account", "0009_emailaddress_unique_primary_email"),
    ]

    operations = [migrations.RunPython(require_verification, migrations.RunPython.noop)]
