"""Where cloud exchanges report their calls. No session and no cookie: a signature, or a secret in the address, lets in.

What is not signed answers 401 without a word why; what is signed and can't be read, 422 with the name of the field. An
answer of 2xx means that the events are kept: an exchange that hears anything else sends them again.
"""

from __future__ import annotations

import hmac
import logging
from datetime import UTC, datetime

from flask import Blueprint, Response, current_app, make_response, request
from werkzeug.exceptions import NotFound, Unauthorized

from nps.extensions import csrf, db
from nps.services import telephony
from nps.services.telephony import BadPayload
from nps.web import access
from nps.web.filters import office_zone

bp = Blueprint("hooks", __name__, url_prefix="/telephony")
#: No report of a call is longer.
LARGEST_BODY = 64 * 1024
log = logging.getLogger(__name__)


@bp.post("/events")
@access.public
def own() -> Response:
    """Events in our own format."""
    secret = _setting("TELEPHONY_SECRET")
    request.max_content_length = LARGEST_BODY
    head, body, now = request.headers, request.get_data(cache=False), datetime.now(UTC)
    if not telephony.own_is_signed(secret, head.get("X-NPS-Timestamp", ""), head.get("X-NPS-Signature", ""), body, now):
        raise Unauthorized
    return _take("own", lambda: telephony.read_own(body), now)


@bp.post("/hook/<provider>/<token>")
@bp.post("/hook/<provider>/<token>/events/<_kind>")
@access.public
def hook(provider: str, token: str, _kind: str = "") -> Response:
    """A notification of Mango Office (which adds the kind of event to the address), UIS or Zadarma."""
    _check_token(token)
    request.max_content_length = LARGEST_BODY
    now, config = datetime.now(UTC), current_app.config
    if provider == "uis":
        body = request.get_data(cache=False)
        return _take(provider, lambda: telephony.read_uis(body, office_zone()), now)
    form = request.form.to_dict()
    if provider == "mango":
        if not telephony.mango_is_signed(_setting("MANGO_API_KEY"), config["MANGO_API_SALT"], form):
            raise Unauthorized
        return _take(provider, lambda: telephony.read_mango(form), now)
    if provider == "zadarma":
        if not telephony.zadarma_is_signed(_setting("ZADARMA_SECRET"), form, request.headers.get("Signature", "")):
            raise Unauthorized
        return _take(provider, lambda: telephony.read_zadarma(form, now, office_zone()), now)
    raise NotFound


@bp.get("/hook/zadarma/<token>")
@access.public
def zadarma_echo(token: str) -> Response:
    """Zadarma asks once whether the address is ours."""
    _check_token(token)
    response = make_response(request.args.get("zd_echo", "")[:100])
    response.mimetype = "text/plain"
    return response


def _check_token(token: str) -> None:
    right = current_app.config["TELEPHONY_TOKEN"]
    if not right or not hmac.compare_digest(token.encode(), right.encode()):
        raise NotFound


def _setting(name: str) -> str:
    """A secret; without it the address does not exist."""
    value: str = current_app.config[name]
    if not value:
        raise NotFound
    return value


def _take(provider: str, read: telephony.Reader, now: datetime) -> Response:
    try:
        events = read()
    except BadPayload as error:
        # The name of the field, never what stands in it.
        log.warning("a notification of %s can't be read: %s", provider, error)
        return make_response({"error": str(error)}, 422)
    return make_response({"new": telephony.ingest(db.session, events, now)}, 200)


# Their senders have no session whose token they could send.
for _view in (own, hook):
    csrf.exempt(_view)
