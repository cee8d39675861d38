"""Accounts: who works here, how people log in, and their sessions."""

from nps.services.accounts.login import (
    LoggedIn,
    LoginRefused,
    LoginThrottled,
    admit_login,
    close_other_sessions,
    close_session,
    log_in,
    open_session,
    touch_session,
)
from nps.services.accounts.users import (
    NewUser,
    change_password,
    create_user,
    end_sessions,
    reset_password,
    set_active,
    set_role,
)

__all__ = [
    "LoggedIn",
    "LoginRefused",
    "LoginThrottled",
    "NewUser",
    "admit_login",
    "change_password",
    "close_other_sessions",
    "close_session",
    "create_user",
    "end_sessions",
    "log_in",
    "open_session",
    "reset_password",
    "set_active",
    "set_role",
    "touch_session",
]
