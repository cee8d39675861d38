"""Copies of an installation: one archive file, the database of either engine in and out of it, locks on its folder."""
