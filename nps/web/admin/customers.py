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
from nps.web.errors import status_of
from nps.web.refusals import told_on

#: R6: what the terms of the first survey give.
DEFAULT_MINUTES = 1260
_BILLING = (("minute", "начатая минута считается целой"), ("second", "по секундам"))
_GATES = (("billed", "по счёту договора"), ("exact", "по точным секундам"))
_FIELD_OF_CODE = {"not_higher": "minutes", "name_taken": "name"}


@bp.get("/customers")
@access.roles("admin")
def customers(error: DomainError | None = None) -> Response:
    """All customers and contracts."""
    return htmx.render(
        "admin/customers.html",
        "admin/_customers.html",
        status=status_of(error),
        rows=directory_queries.customers(db.session()),
        typed=forms.typed(),
        errors=_by_field(error),
    )


@bp.post("/customers")
@access.roles("admin")
@told_on(customers)
def add_customer() -> Response:
    name = forms.text("name", 300, label="Название", required=True)
    added = directory.add_customer(db.session(), name=name, actor_id=access.current_actor().id, now=now())
    return htmx.go(url_for("admin.customer", customer_id=added))


@bp.get("/customers/<int:customer_id>")
@access.roles("admin")
def customer(error: DomainError | None = None, *, customer_id: int) -> Response:
    """One customer with its contracts and a form for another one."""
    row = directory_queries.customer(db.session(), customer_id)
    if row is None:
        raise NotFoundError("Такого заказчика нет.")
    return htmx.render(
        "admin/customer.html",
        "admin/_customer.html",
        status=status_of(error),
        row=row,
        typed=forms.typed() if error else {"minutes": DEFAULT_MINUTES},
        errors=_by_field(error),
        billing=_BILLING,
        gates=_GATES,
    )


@bp.post("/customers/<int:customer_id>")
@access.roles("admin")
@told_on(customer)
def rename_customer(customer_id: int) -> Response:
    name = forms.text("name", 300, label="Название", required=True)
    directory.rename_customer(
        db.session(), customer_id=customer_id, name=name, actor_id=access.current_actor().id, now=now()
    )
    flash("Название сохранено.", "ok")
    return htmx.go(url_for("admin.customer", customer_id=customer_id))


@bp.post("/customers/<int:customer_id>/contracts")
@access.roles("admin")
@told_on(customer)
def add_contract(customer_id: int) -> Response:
    added = directory.add_contract(
        db.session(),
        customer_id=customer_id,
        number=forms.text("number", 100, label="Номер договора", required=True),
        signed_on=forms.day("signed_on", label="Дата договора", required=False),
        minutes=forms.whole("minutes", 1, directory.MOST_MINUTES, label="Лимит минут"),
        billing=forms.choice("billing", directory.BILLING, label="Как считать минуты"),
        gate=forms.choice("gate", directory.GATES, label="По какому счёту останавливать"),
        actor_id=access.current_actor().id,
        now=now(),
    )
    flash("Договор добавлен.", "ok")
    return htmx.go(url_for("admin.contract", contract_id=added))


@bp.get("/contracts/<int:contract_id>")
@access.roles("admin")
def contract(error: DomainError | None = None, *, contract_id: int) -> Response:
    """One contract."""
    row = directory_queries.contract(db.session(), contract_id)
    if row is None:
        raise NotFoundError("Такого договора нет.")
    return htmx.render(
        "admin/contract.html",
        "admin/_contract.html",
        status=status_of(error),
        row=row,
        customer=directory_queries.customer(db.session(), row.customer_id),
        typed=forms.typed(),
        errors=_by_field(error),
        billing=_BILLING,
        gates=_GATES,
    )


@bp.post("/contracts/<int:contract_id>")
@access.roles("admin")
@told_on(contract)
def change_contract(contract_id: int) -> Response:
    """Correct number, day and the way of counting."""
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
    flash("Договор сохранён.", "ok")
    return htmx.go(url_for("admin.contract", contract_id=contract_id))


@bp.post("/contracts/<int:contract_id>/limit")
@access.roles("admin")
@told_on(contract)
def raise_limit(contract_id: int) -> Response:
    """Raise the limit of minutes with the customer's consent; nobody but the administrator may (R6)."""
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
    flash("Лимит поднят, основание записано в журнал.", "ok")
    return htmx.go(url_for("admin.contract", contract_id=contract_id))


def _by_field(error: DomainError | None) -> dict[str, str]:
    """The sentence beside the field it is about; '' stands for the form as a whole."""
    if error is None:
        return {}
    if isinstance(error, StaleError):
        return {"": error.message}
    field = error.field if isinstance(error, forms.FormError) else _FIELD_OF_CODE.get(error.code, error.code)
    return {field: error.message}
