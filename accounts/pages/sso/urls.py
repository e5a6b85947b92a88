"""URL patterns of single sign-on."""

from __future__ import annotations

from django.urls import path

from accounts.pages.sso import connections, sign_in

urlpatterns = [
    path("sso", sign_in.render_choice, name="sso"),
    path("sso/signed-out", sign_in.render_signed_out, name="sso-signed-out"),
    path("sso/connections", connections.render_connections, name="sso-connections"),
    path("sso/connections/new/<str:kind>", connections.add_connection, name="sso-new"),
    path("sso/connections/<str:public_id>", connections.render_connection, name="sso-connection"),
    path(
        "sso/connections/<str:public_id>/change", connections.change_connection, name="sso-change"
    ),
    path("sso/<str:public_id>/start", sign_in.start, name="sso-start"),
    path("sso/<str:public_id>/oidc/callback", sign_in.finish_oidc, name="sso-oidc-callback"),
    path("sso/<str:public_id>/oidc/logout", sign_in.end_oidc_sessions, name="sso-oidc-logout"),
    path(
        "sso/<str:public_id>/saml/metadata",
        sign_in.render_saml_metadata,
        name="sso-saml-metadata",
    ),
    path("sso/<str:public_id>/saml/acs", sign_in.receive_saml_answer, name="sso-saml-acs"),
    path("sso/<str:public_id>/saml/finish", sign_in.finish_saml, name="sso-saml-finish"),
    path("sso/<str:public_id>/saml/logout", sign_in.end_saml_sessions, name="sso-saml-logout"),
    path(
        "organizations/<str:name>/sso/new/<str:kind>",
        connections.add_connection,
        name="organization-sso-new",
    ),
    path(
        "organizations/<str:name>/sso/<str:public_id>",
        connections.render_connection,
        name="organization-sso-connection",
    ),
    path(
        "organizations/<str:name>/sso/<str:public_id>/change",
        connections.change_connection,
        name="organization-sso-change",
    ),
    path("account/sso", connections.render_links, name="sso-links"),
    path("account/sso/<int:identity_id>/unlink", connections.unlink, name="sso-unlink"),
]
