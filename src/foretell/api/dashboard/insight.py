"""The operator's pages about the server itself: what went wrong, what it runs with, and who did what."""

import json
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from foretell.api.admin import settings
from foretell.api.admin.accounts import existing
from foretell.api.admin.troubles import DAYS, DAYS_MAX, LOOKED_THROUGH_MAX, troubles
from foretell.api.dashboard.pages import operators_page, shown
from foretell.api.requests import services
from foretell.api.skytells.listing import number
from foretell.audit import Action
from foretell.store.audit import Wanted

DEEDS_SHOWN = 50
DAY_SECONDS = 86_400
_KEPT = ("keep_outputs_seconds", "keep_inputs_seconds", "keep_logs_seconds", "keep_uploads_seconds")


@operators_page
async def errors(request: Request) -> Response:
    """What failed lately, in groups."""
    days = number(request.query_params, "days", default=DAYS, most=DAYS_MAX)
    return shown(
        request,
        "errors.html",
        here="operator",
        found=await troubles(services(request).store, days=days),
        days=days,
        looked_through=LOOKED_THROUGH_MAX,
    )


@operators_page
async def in_force(request: Request) -> Response:
    """Settings, those first that are not as they come; and how long is kept what."""
    at = services(request)
    found = settings.in_force(at.config)
    keys = [each for each in await at.store.keys(None) if not each.retention.is_endless]
    models = [each for each in await at.store.models() if not each.manifest.retention.is_endless]
    names = {each.id: each.name for each in await at.store.accounts()}
    return shown(
        request,
        "settings.html",
        here="operator",
        set=[each for each in found if each["origin"] != "default"],
        rest=[each for each in found if each["origin"] == "default"],
        kept=[
            (each.removeprefix("keep_").removesuffix("_seconds"), getattr(at.config, each)) for each in _KEPT
        ],
        narrower=[
            *((f"the model {each.model}", dict(each.manifest.retention.limited())) for each in models),
            *(
                (f"the key “{each.name}” of {names.get(each.account_id, '')}", dict(each.retention.limited()))
                for each in keys
                if each.revoked_at is None
            ),
        ],
        written=_written,
        lasting=_lasting,
    )


@operators_page
async def audit(request: Request) -> Response:
    """Who did what, newest first."""
    store = services(request).store
    query = request.query_params
    of, action = query.get("account", ""), query.get("action", "")
    found = await store.audited(
        Wanted(
            account_id=(await existing(store, of)).id if of else None,
            action=Action(action) if action in set(Action) else None,
            before=query.get("before"),
            limit=DEEDS_SHOWN + 1,
        )
    )
    accounts = await store.accounts()
    return shown(
        request,
        "audit.html",
        here="operator",
        deeds=found[:DEEDS_SHOWN],
        older=found[DEEDS_SHOWN - 1].id if len(found) > DEEDS_SHOWN else None,
        names={each.id: each.name for each in accounts},
        keys={each.id: each.name for each in await store.keys(None)},
        accounts=sorted(each.name for each in accounts),
        actions=tuple(each.value for each in Action),
        account=of,
        action=action,
        is_first="before" not in query,
    )


def _written(value: Any) -> str:
    """A setting's value as a file of settings has it, more or less."""
    return (
        "empty" if value == "" else value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    )


def _lasting(seconds: int) -> str:
    """How long something is kept."""
    if not seconds:
        return "until deleted"
    for unit, size in (("day", DAY_SECONDS), ("hour", 3_600), ("minute", 60)):
        if seconds >= size:
            count = f"{seconds / size:.1f}".removesuffix(".0")
            return f"{count} {unit}{'' if count == '1' else 's'}"
    return f"{seconds} seconds"
