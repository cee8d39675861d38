"""Accounts: list, add, change the role, issue a password, close and open."""

from __future__ import annotations

from flask import Response, flash, url_for
from werkzeug.wrappers import Response as AnyResponse

from nps.domain.devices import device
from nps.domain.errors import DomainError, NotFoundError
from nps.domain.roles import BOUND_TO_CUSTOMER, ROLES
from nps.extensions import db
from nps.queries import accounts as account_queries
from nps.queries import directory
from nps.services import accounts, telephony
from nps.web import access, envelope, forms, htmx, sealed
from nps.web.admin import bp
from nps.web.clock import now
from nps.web.errors import status_of
from nps.web.refusals import told_on

_STATES = {"": None, "active": True, "closed": False}
_FIELD_OF_CODE = {
    "login": "login",
    "login_taken": "login",
    "full_name": "full_name",
    "role": "role",
    "customer": "customer_id",
    "email": "email",
}


@bp.get("/users")
@access.roles("admin")
def users() -> Response:
    """Accounts with a filter by role, state and part of the name."""
    shown = {"role": forms.arg("role"), "state": forms.arg("state"), "text": sealed.arg("find")}
    rows = account_queries.users(
        db.session(),
        role=shown["role"] if shown["role"] in ROLES else "",
        text=shown["text"],
        active=_STATES.get(shown["state"]),
    )
    return htmx.render("admin/users.html", "admin/_users.html", rows=rows, shown=shown, roles=ROLES)


@bp.post("/users/search")
@access.roles("admin")
def search_users() -> AnyResponse:
    """Lead to the list of whom the filter finds; no name stands in the address."""
    return sealed.lead_to("admin.users", "role", "state")


@bp.get("/users/new")
@access.roles("admin")
def new_user(error: DomainError | None = None) -> Response:
    """The form for a new account."""
    return htmx.render(
        "admin/user_new.html",
        "admin/_user_new.html",
        status=status_of(error),
        typed=forms.typed(),
        errors=_by_field(error),
        roles=ROLES,
        customers=_customer_options(),
    )


@bp.post("/users")
@access.roles("admin")
@told_on(new_user)
def create_user() -> Response:
    """Add an account and show its password, this once."""
    role = forms.choice("role", ROLES, label="Роль")
    made = accounts.create_user(
        db.session(),
        login=forms.text("login", 100, label="Логин", required=True),
        full_name=forms.text("full_name", 200, label="Имя и фамилия", required=True),
        role=role,
        customer_id=_customer_id(role),
        spoken_name=forms.text("spoken_name", 100, label="Имя для приветствия"),
        gender=forms.choice("gender", ("female", "male"), label="Род фраз"),
        email=forms.text("email", 254, label="Почта"),
        actor_id=access.current_actor().id,
        now=now(),
    )
    return _show_password(made.user_id, made.password)


@bp.get("/users/<int:user_id>")
@access.roles("admin")
def user(error: DomainError | None = None, *, user_id: int) -> Response:
    """One account."""
    row = account_queries.user(db.session(), user_id)
    if row is None:
        raise NotFoundError("Такого сотрудника нет.")
    typed = forms.typed()
    return htmx.render(
        "admin/user.html",
        "admin/_user.html",
        status=status_of(error),
        row=row,
        chosen=typed.get("role", row.role),
        chosen_customer=typed.get("customer_id", row.customer_id or ""),
        error=error.message if error else "",
        roles=ROLES,
        customers=_customer_options(),
        sessions=account_queries.open_sessions(db.session(), user_id, now()),
        device=device,
        is_self=row.id == access.current_actor().id,
    )


@bp.post("/users/<int:user_id>/role")
@access.roles("admin")
@told_on(user)
def set_role(user_id: int) -> Response:
    role = forms.choice("role", ROLES, label="Роль")
    actor_id, customer_id = access.current_actor().id, _customer_id(role)
    accounts.set_role(db.session(), user_id=user_id, role=role, customer_id=customer_id, actor_id=actor_id, now=now())
    return _back_to(user_id, "Роль изменена: она действует уже со следующего нажатия.")


@bp.post("/users/<int:user_id>/extension")
@access.roles("admin")
@told_on(user)
def set_extension(user_id: int) -> Response:
    """Which telephone of the exchange is his."""
    extension = forms.text("extension", 40, label="Телефон на станции")
    telephony.set_extension(db.session, access.current_actor(), user_id, extension, now())
    return _back_to(user_id, "Телефон записан. Он действует со следующего звонка.")


@bp.post("/users/<int:user_id>/password")
@access.roles("admin")
def reset_password(user_id: int) -> Response:
    """Issue a new password and show it, this once."""
    actor_id = access.current_actor().id
    return _show_password(user_id, accounts.reset_password(db.session(), user_id=user_id, actor_id=actor_id, now=now()))


@bp.post("/users/<int:user_id>/active")
@access.roles("admin")
@told_on(user)
def set_active(user_id: int) -> Response:
    active = forms.flag("active")
    accounts.set_active(db.session(), user_id=user_id, active=active, actor_id=access.current_actor().id, now=now())
    return _back_to(user_id, "Доступ возвращён." if active else "Доступ закрыт: все сеансы закончены.")


@bp.post("/users/<int:user_id>/sessions")
@access.roles("admin")
def end_sessions(user_id: int) -> Response:
    accounts.end_sessions(db.session(), user_id=user_id, actor_id=access.current_actor().id, now=now())
    return _back_to(user_id, "Все входы сотрудника закончены.")


def _back_to(user_id: int, said: str) -> Response:
    flash(said, "ok")
    return htmx.go(url_for("admin.user", user_id=user_id))


def _customer_id(role: str) -> int | None:
    """The customer of a bound role; the field is ignored for the others, so that a change of role is one choice."""
    return forms.number_or_none("customer_id", label="Заказчик") if role in BOUND_TO_CUSTOMER else None


def _customer_options() -> list[tuple[str, str]]:
    return [("", "—"), *((str(row.id), row.name) for row in directory.customers(db.session()))]


def _show_password(user_id: int, password: str) -> Response:
    """A repeat finds the person, not the password: it is kept nowhere."""
    envelope.leads_to(url_for("admin.user", user_id=user_id))
    row = account_queries.user(db.session(), user_id)
    return htmx.render("admin/password.html", "admin/_password.html", row=row, password=password)


def _by_field(error: DomainError | None) -> dict[str, str]:
    """The sentence beside the field it is about; '' stands for the form as a whole."""
    if error is None:
        return {}
    field = error.field if isinstance(error, forms.FormError) else _FIELD_OF_CODE.get(error.code, "")
    return {field: error.message}
