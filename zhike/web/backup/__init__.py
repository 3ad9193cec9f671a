"""Backups: one file with everything the department did, and the way back.

parts.py      the file: a tar whose parts carry their hashes        manifest.py   what a backup says of itself
programs.py   which pg_dump and pg_restore fit the server           contents.py   how many rows a table has, and the hash over them
making.py     a backup of a running product, all of one moment      restoring.py  into a new database, checked, then swapped in
swapping.py   the swap, which goes on where a power cut left it     nightly.py    every night, and how long they are kept
"""
