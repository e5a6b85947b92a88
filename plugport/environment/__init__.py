"""The environment of the process: every variable that Plugport reads, in one place.

    variables.py      their names, and the error for a wrong value
    proxies.py        HTTP_PROXY, HTTPS_PROXY, ALL_PROXY, NO_PROXY
    certificates.py   SSL_CERT_FILE, SSL_CERT_DIR
    home.py           PLUGPORT_HOME, XDG_DATA_HOME, HOME
    trusted_hosts.py  PLUGPORT_TRUSTED_HOSTS
    diagnosis.py      all of them at once, for `plugport doctor`

Libraries would read the same variables without checks, so they are told not to. A value is checked
when it is needed: a proxy that no request uses cannot fail a command.
"""
