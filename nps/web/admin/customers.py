"""Customers, their contracts and the limit of minutes (R6)."""

from __future__ import annotations

from flask import Response, flash, url_for

from nps.domain.errors import DomainError, NotFoundError, StaleError
from nps.extensions import db
from nps.queries import directory as directory_queries
from nps.services import directory
from nps.web import access, forms, htmx
from nps.web.admin import bp
from nps.web.clock import now

#: R6: what the terms of the first survey give.
DEFAULT_MINUTES = 1260
_BILLING = (("minute", "начатая минута считается целой"), ("second", "по секундам"))
_GATES = (("billed", "по счёту договора"), ("exact", "по точным секундам"))


@bp.get("/customers")
@access.roles("admin")
def customers() -> Response:
    """All customers and contracts."""
    return _list({}, {})


@bp.post("/customers")
@access.roles("admin")
def add_customer() -> Response:
    """Add a customer organisation."""
    try:
        customer_id = directory.add_customer(
            db.session(),
            name=forms.text("name", 300, label="Название", required=True),
            actor_id=access.current_actor().id,
            form_key=forms.sent_key(),
            now=now(),
        )
    except DomainError as error:
        return _list(forms.typed(), {"name": error.message}, 422)
    return htmx.go(url_for("admin.customer", customer_id=customer_id))


@bp.get("/customers/<int:customer_id>")
@access.roles("admin")
def customer(customer_id: int) -> Response:
    """One customer with its contracts and a form for another one."""
    return _customer_page(customer_id)


@bp.post("/customers/<int:customer_id>")
@access.roles("admin")
def rename_customer(customer_id: int) -> Response:
    """Give the customer another name."""
    try:
        name = forms.text("name", 300, label="Название", required=True)
        directory.rename_customer(
            db.session(), customer_id=customer_id, name=name, actor_id=access.current_actor().id, now=now()
        )
    except NotFoundError:
        raise
    except DomainError as error:
        return _customer_page(customer_id, {"name": error.message})
    flash("Название сохранено.", "ok")
    return htmx.go(url_for("admin.customer", customer_id=customer_id))


@bp.post("/customers/<int:customer_id>/contracts")
@access.roles("admin")
def add_contract(customer_id: int) -> Response:
    """Add a contract."""
    try:
        contract_id = directory.add_contract(
            db.session(),
            customer_id=customer_id,
            number=forms.text("number", 100, label="Номер договора", required=True),
            signed_on=forms.day("signed_on", label="Дата договора", required=False),
            minutes=forms.whole("minutes", 1, directory.MOST_MINUTES, label="Лимит минут"),
            billing=forms.choice("billing", directory.BILLING, label="Как считать минуты"),
            gate=forms.choice("gate", directory.GATES, label="По какому счёту останавливать"),
            actor_id=access.current_actor().id,
            form_key=forms.sent_key(),
            now=now(),
        )
    except NotFoundError:
        raise
    except DomainError as error:
        return _customer_page(customer_id, _by_field(error))
    flash("Договор добавлен.", "ok")
    return htmx.go(url_for("admin.contract", contract_id=contract_id))


@bp.get("/contracts/<int:contract_id>")
@access.roles("admin")
def contract(contract_id: int) -> Response:
    """One contract."""
    return _contract_page(contract_id)


@bp.post("/contracts/<int:contract_id>")
@access.roles("admin")
def change_contract(contract_id: int) -> Response:
    """Correct number, day and the way of counting."""
    try:
        directory.change_contract(
            db.session(),
            contract_id=contract_id,
            number=forms.text("number", 100, label="Номер договора", required=True),
            signed_on=forms.day("signed_on", label="Дата договора", required=False),
            billing=forms.choice("billing", directory.BILLING, label="Как считать минуты"),
            gate=forms.choice("gate", directory.GATES, label="По какому счёту останавливать"),
            actor_id=access.current_actor().id,
            now=now(),
        )
    except NotFoundError:
        raise
    except DomainError as error:
        return _contract_page(contract_id, _by_field(error), 422)
    flash("Договор сохранён.", "ok")
    return htmx.go(url_for("admin.contract", contract_id=contract_id))


@bp.post("/contracts/<int:contract_id>/limit")
@access.roles("admin")
def raise_limit(contract_id: int) -> Response:
    """Raise the limit of minutes with the customer's consent; nobody but the administrator may (R6)."""
    try:
        consent_date = forms.day("consent_date", label="Дата согласия")
        directory.raise_limit(
            db.session(),
            contract_id=contract_id,
            minutes=forms.whole("minutes", 1, directory.MOST_MINUTES, label="Новый лимит"),
            seen_minutes=forms.whole("seen_minutes", 0, directory.MOST_MINUTES, label="Прежний лимит"),
            consent_number=forms.text("consent_number", 100, label="Номер согласия", required=True),
            consent_date=consent_date or now().date(),
            actor_id=access.current_actor().id,
            now=now(),
        )
    except NotFoundError:
        raise
    except StaleError as error:
        return _contract_page(contract_id, {"": error.message}, 409)
    except DomainError as error:
        return _contract_page(contract_id, _by_field(error), 422)
    flash("Лимит поднят, основание записано в журнал.", "ok")
    return htmx.go(url_for("admin.contract", contract_id=contract_id))


_FIELD_OF_CODE = {"not_higher": "minutes"}


def _by_field(error: DomainError) -> dict[str, str]:
    field = error.field if isinstance(error, forms.FormError) else _FIELD_OF_CODE.get(error.code, error.code)
    return {field: error.message}


def _list(typed: dict[str, str], errors: dict[str, str], status: int = 200) -> Response:
    rows = directory_queries.customers(db.session())
    return htmx.render(
        "admin/customers.html", "admin/_customers.html", status=status, rows=rows, typed=typed, errors=errors
    )


def _customer_page(customer_id: int, errors: dict[str, str] | None = None) -> Response:
    row = directory_queries.customer(db.session(), customer_id)
    if row is None:
        raise NotFoundError("Такого заказчика нет.")
    return htmx.render(
        "admin/customer.html",
        "admin/_customer.html",
        status=422 if errors else 200,
        row=row,
        typed=forms.typed() if errors else {"minutes": DEFAULT_MINUTES},
        errors=errors or {},
        billing=_BILLING,
        gates=_GATES,
    )


def _contract_page(contract_id: int, errors: dict[str, str] | None = None, status: int = 200) -> Response:
    row = directory_queries.contract(db.session(), contract_id)
    if row is None:
        raise NotFoundError("Такого договора нет.")
    customer_row = directory_queries.customer(db.session(), row.customer_id)
    return htmx.render(
        "admin/contract.html",
        "admin/_contract.html",
        status=status,
        row=row,
        customer=customer_row,
        typed=forms.typed() if errors else {},
        errors=errors or {},
        billing=_BILLING,
        gates=_GATES,
    )
