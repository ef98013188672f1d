"""Money, as operators and accounts see it: in credits, and where it matters in whole 10⁻⁹ of them."""

from foretell.dialects.skytells import messages
from foretell.dialects.skytells.instants import timestamp
from foretell.ledger import Balance, Caps, Transfer, Usage
from foretell.pricing import NANOCREDITS

_DAY = 86_400 * 1_000_000


def render_balance(balance: Balance) -> messages.BalanceMessage:
    """What an account has."""
    return {
        "is_budgeted": balance.is_budgeted,
        "available": balance.available / NANOCREDITS,
        "held": balance.held / NANOCREDITS,
        "granted": -balance.granted / NANOCREDITS,
        "spent": balance.spent / NANOCREDITS,
        "available_nanocredits": balance.available,
    }


def render_caps(caps: Caps, spending: dict[str, int], *, month: str) -> messages.CapsMessage:
    """What may be spent, beside what has been."""
    return {
        "total_max": None if caps.total_max is None else caps.total_max / NANOCREDITS,
        "month_max": None if caps.month_max is None else caps.month_max / NANOCREDITS,
        "total": sum(spending.values()) / NANOCREDITS,
        "month": spending.get(month, 0) / NANOCREDITS,
    }


def render_transfer(transfer: Transfer) -> messages.TransferMessage:
    """What went from one book to another."""
    return {
        "id": transfer.id,
        "kind": transfer.kind.value,
        "prediction_id": transfer.prediction_id,
        "available": transfer.available / NANOCREDITS,
        "held": transfer.held / NANOCREDITS,
        "granted": transfer.granted / NANOCREDITS,
        "spent": transfer.spent / NANOCREDITS,
        "note": transfer.note,
        "created_at": timestamp(transfer.created_at),
    }


def render_usage(
    usage: Usage, *, day: int | None, group_by: tuple[str, ...], durations: bool = False
) -> messages.UsageMessage:
    """One group's usage; `day` counts from 1970. `durations`: whether it says how long predictions took."""
    found: messages.UsageMessage = {
        "predictions": usage.predictions,
        "succeeded": usage.succeeded,
        "failed": usage.failed,
        "canceled": usage.canceled,
        "credits_used": usage.charged / NANOCREDITS,
        "nanocredits_used": usage.charged,
    }
    if day is not None:
        found["day"] = timestamp(day * _DAY)[:10]
    if "model" in group_by:
        found["model"] = usage.model or ""
    if "key" in group_by:
        found["key"] = usage.key_id
    if "account" in group_by:
        found["account"] = usage.account_id or ""
    if durations:
        took = [
            None if usage.durations is None else each / 1_000_000 for each in usage.durations or (0, 0, 0)
        ]
        found["seconds_p50"], found["seconds_p95"], found["seconds_p99"] = took
    return found
