"""Single sign-on with OpenID Connect and SAML 2.0: what an identity provider says, verified.

    attempts.py    sign-ins that this browser started
    person.py      what a verified answer says about a person
    fetching.py    requests to identity providers
    oidc/          OpenID Connect: the provider's document and keys, its tokens, one sign-in
    other_websites.py  allauth's sign-in with GitHub and GitLab, over the SSRF-safe client
    ways_in.py     which accounts sign in with single sign-on only
    saml/          SAML: the settings of both sides, answers, sign-out

PyJWT and python3-saml verify signatures. What they leave open is decided here: which algorithms
count, that an audience is required, that answers without a request are refused, and that none counts
twice. The addresses of this registry come from `BASE_URL`, never from a request.
"""
