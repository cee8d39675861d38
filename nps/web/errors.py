"""What a person sees when something is refused or breaks: Russian words, no codes, no traces."""

from __future__ import annotations

import logging
import secrets
from http import HTTPStatus

from flask import Flask, Response, current_app, make_response, render_template
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException, InternalServerError

from nps.domain.errors import DomainError, NotFoundError, StaleError, TooOftenError
from nps.services import trouble
from nps.web import htmx

log = logging.getLogger(__name__)

#: Statuses that have a page with words of its own; the others say their sentence on a common one.
_PAGES = {400: "400", 403: "403", 404: "404", 405: "400", 413: "413", 500: "500", 503: "500"}

#: What a script gets instead of a page.
_SHORT = {
    401: "Сеанс закончился. Войдите снова: введённое сохранено.",
    403: "На это действие у вас нет прав. Обратитесь к руководителю или администратору.",
    404: "Такой страницы или записи нет.",
    413: "Файл слишком большой. Уменьшите его и загрузите снова.",
    429: "Слишком часто. Подождите немного и повторите.",
    500: "Не получилось: ошибка на сервере. Записанное на месте, повторите.",
}
_OTHER = "Запрос не понят. Обновите страницу и повторите."
_CSRF_TEXT = "Форма не отправлена: страница устарела. Вернитесь, обновите её и повторите."


def init_app(app: Flask) -> None:
    """Register the handlers."""
    app.register_error_handler(DomainError, _domain)
    app.register_error_handler(CSRFError, _csrf)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _unexpected)


def status_of(error: DomainError | None) -> int:
    """404 for what is absent or foreign, 409 a stale page, 429 too often, 422 all else a rule refused, 200 no error."""
    if error is None:
        return HTTPStatus.OK
    if isinstance(error, TooOftenError):
        return HTTPStatus.TOO_MANY_REQUESTS
    if isinstance(error, NotFoundError):
        return HTTPStatus.NOT_FOUND
    return HTTPStatus.CONFLICT if isinstance(error, StaleError) else HTTPStatus.UNPROCESSABLE_ENTITY


def _domain(error: DomainError) -> Response:
    response = _show(status_of(error), error.message)
    if isinstance(error, TooOftenError):
        response.headers["Retry-After"] = str(error.wait_s)
    return response


def _csrf(error: CSRFError) -> Response:
    log.info("form refused: %s", error.description)
    return _show(HTTPStatus.BAD_REQUEST, _CSRF_TEXT)


def _http(error: HTTPException) -> Response:
    code = error.code or HTTPStatus.INTERNAL_SERVER_ERROR
    if code >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return _unexpected(error)
    shown = _show(code, "")
    # Allow on 405, Retry-After on 429, Content-Range on 416.
    for name, value in error.get_headers():
        if name.lower() not in ("content-type", "content-length"):
            shown.headers[name] = value
    return shown


def _unexpected(error: Exception) -> Response:
    """The page shows an id, the log knows what stands behind it (ASVS 16.5.1).

    A database that is busy, away or full is 503: whatever sent the form sends it again by itself.
    """
    original = error.original_exception if isinstance(error, InternalServerError) else error
    error_id = secrets.token_hex(4)
    log.error("error %s", error_id, exc_info=original or error, extra={"error_id": error_id})
    passing = trouble.sentence(original) if original is not None else None
    if passing is None:
        return _show(HTTPStatus.INTERNAL_SERVER_ERROR, "", error_id)
    response = _show(HTTPStatus.SERVICE_UNAVAILABLE, passing, error_id)
    response.headers["Retry-After"] = "5"
    return response


def _show(status: int, message: str, error_id: str = "") -> Response:
    if htmx.wants_fragment() or status == HTTPStatus.UNAUTHORIZED:
        body = _alone("errors/_fragment.html", message=message or _SHORT.get(status, _OTHER))
    else:
        name = _PAGES.get(status, "refused")
        body = _page(
            f"errors/{name}.html", message or ("" if name != "refused" else _SHORT.get(status, _OTHER)), error_id
        )
    response = make_response(body, status)
    response.headers["Vary"] = "HX-Request"
    if error_id:
        response.headers["X-Error-Id"] = error_id
    return response


def _page(template: str, message: str, error_id: str) -> str:
    try:
        return render_template(template, message=message, error_id=error_id)
    except Exception:
        # The frame asks the database for its menu. When that is what broke, the page of 500 stands alone.
        log.exception("%s can't be drawn", template)
        return _alone("errors/500.html", error_id=error_id, message=message)


def _alone(template: str, **context: str) -> str:
    """Without the context processors, one of which loads the person from the database."""
    return current_app.jinja_env.get_template(template).render(context)
