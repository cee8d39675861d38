"""What a password must be (ASVS 6.2): long, not a well-known one, not the login; no rules about kinds of characters."""

from __future__ import annotations

from nps.domain.errors import DomainError
from nps.domain.search import fold

LEAST, MOST = 10, 128

# Of ten characters and more, as people choose them all over the world and here; compared folded.
_COMMON_WORDS = """
1234567890 0123456789 0987654321 9876543210 1234512345 1122334455 1111122222 123123123123 123456789a a123456789
12345qwert 12345678910 123456789012 1q2w3e4r5t 1qaz2wsx3edc qazwsxedcr qwertyuiop qwerty1234 qwerty12345 qwerty123456
1234qwerasdf qwertyqwerty asdfghjkl1 asdfghjkl; zaq12wsxcde password12 password123 password1234 passw0rd123
p@ssw0rd123 p@ssword123 letmein123 welcome123 welcome1234 iloveyou123 iloveyou12 admin12345 admin123456 administrator
changeme12 changeme123 superman12 football12 basketball princess12 sunshine12 trustno1trustno1 computer12 internet12
samsung123 mustang123 йцукенгшщз йцукен1234 йцукен12345 йцукен123456 фывапролдж пароль1234 пароль12345 пароль123456
парольпароль админ12345 администратор привет1234 привет12345 солнышко12 солнышко123 любовь1234 наташа1234 оператор12
оператор123 оператор1234 operator12 operator123 operator1234 parol12345 parol123456 parolparol zxcvbnm123 ghbdtn12345
gfhjkm12345
"""
_COMMON = frozenset(_COMMON_WORDS.split())


class PasswordError(DomainError):
    """The password can't be taken; codes: short, long, common, same."""


def check_password(password: str, login: str) -> None:
    """Raise PasswordError with a Russian sentence when the password may not be used by the owner of this login."""
    if len(password) < LEAST:
        raise PasswordError(
            "short", f"Нужно не меньше {LEAST} знаков, сейчас {len(password)}. Длинная фраза — хороший пароль."
        )
    if len(password) > MOST:
        raise PasswordError("long", f"Нужно не больше {MOST} знаков, сейчас {len(password)}. Сократите пароль.")
    folded = fold(password)
    if folded in _COMMON or len(set(folded)) < 4:
        raise PasswordError("common", "Такой пароль подбирают первым. Придумайте фразу, которую знаете только вы.")
    if folded in (fold(login), fold(login) * 2):
        raise PasswordError("same", "Пароль совпадает с логином. Придумайте другой.")
