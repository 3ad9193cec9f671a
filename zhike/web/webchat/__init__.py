"""The web chat as a site's visitors meet it: the widget, what it asks the product for, the question after the end, a shop to try it in.

Nobody signs in here. A visitor is whoever holds the secret his browser made (`Authorization: Visitor <secret>`); a site is one the
inbox names. No cookie is read or set, so no other site can act in anybody's name.
"""
