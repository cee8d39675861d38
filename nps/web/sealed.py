"""What people search for, carried in an address that tells nothing.

A name or a phone in an address would stay in the browser's history and in the log of every proxy on the way (ASVS
14.2.1, R20). A search is therefore sent by POST and answered with an address that holds its text encrypted, so that
paging, reloading and the way back from a client's card go on working.
"""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from cryptography.fernet import Fernet, InvalidToken
from flask import current_app, redirect, request, url_for
from werkzeug import Response as AnyResponse

from nps.web import forms


def seal(text: str) -> str:
    """The text as a parameter of an address; '' stays ''."""
    return _cipher().encrypt(text.encode()).decode() if text else ""


def lead_to(endpoint: str, *keep: str, longest: int = 100, **values: Any) -> AnyResponse:
    """Answer a search form: on to the list at `endpoint`, with what was typed sealed and the fields of `keep` as sent.

    Raises DomainError for a text over `longest` characters.
    """
    kept: dict[str, Any] = {name: forms.text(name, 40) or None for name in keep}
    find = seal(forms.text("text", longest).strip()) or None
    return redirect(url_for(endpoint, **values, **kept, find=find), 303)


def arg(name: str) -> str:
    """The text behind a parameter of the address; '' when it is absent, changed, or sealed with another key."""
    try:
        return _cipher().decrypt(request.args.get(name, "").encode()).decode()
    except InvalidToken:
        return ""


def _cipher() -> Fernet:
    # A key of its own, so that nothing sealed here means anything to what else SECRET_KEY protects.
    key = hashlib.sha256(b"searches in addresses\0" + str(current_app.secret_key).encode()).digest()
    return Fernet(base64.urlsafe_b64encode(key))
