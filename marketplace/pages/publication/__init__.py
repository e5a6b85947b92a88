"""`/publications/<id>`: an upload in any state, for members of the plugin and moderators.

A visitor who is not signed in is redirected to the sign-in form, whether or not there is such an
upload, so that the link in a mail works. Accounts that may not see it get the same 404 for every id.
"""
