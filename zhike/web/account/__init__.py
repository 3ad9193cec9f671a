"""My account: password, second factor, where one is signed in."""
