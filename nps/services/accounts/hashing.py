"""Argon2id. Hashing takes tens of milliseconds: it never happens inside a writing transaction."""

from __future__ import annotations

import secrets
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

# OWASP, Password Storage Cheat Sheet: Argon2id with 19 MiB, two passes, one lane at the least.
HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)

# Without the letters and digits that are mistaken for each other when read aloud or from paper.
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"


def hash_password(password: str) -> str:
    """The Argon2id hash with its parameters and salt."""
    return HASHER.hash(password)


def matches(password_hash: str, password: str) -> bool:
    """Whether the password is the one behind the hash.

    For '' (no such account) the same work is done for nothing, so that the time of an answer does not tell
    which logins exist (ASVS 6.3.8).
    """
    nobody = _nobody()
    try:
        return HASHER.verify(password_hash or nobody, password) and password_hash != ""
    except (VerificationError, InvalidHashError):
        return False


def is_outdated(password_hash: str) -> bool:
    """Whether the hash was made with other parameters than today's."""
    return HASHER.check_needs_rehash(password_hash)


def one_time_password() -> str:
    """A random password to be told to a person, «k7fm-9xqd-w3ht-p6ra»: 79 bits."""
    return "-".join("".join(secrets.choice(_ALPHABET) for _ in range(4)) for _ in range(4))


@cache
def _nobody() -> str:
    return HASHER.hash(secrets.token_hex(16))
