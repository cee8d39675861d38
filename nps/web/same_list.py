"""The address of the list that is shown, with something about it changed."""

from __future__ import annotations

from typing import Any

from flask import request, url_for


def same_list(endpoint: str = "", **changed: Any) -> str:
    """The filters of the shown list at another page of it, or at `endpoint` that takes the same; None, '' drops one.

    Parameters that `url_for` would take for its own are nobody's filters and are left out.
    """
    asked = {name: value for name, value in request.args.items() if name != "endpoint" and not name.startswith("_")}
    values = {**asked, **(request.view_args or {}), **changed}
    kept = {name: value for name, value in values.items() if value not in (None, "")}
    return url_for(endpoint or request.endpoint or "", **kept)
