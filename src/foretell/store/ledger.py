"""The ledger: transfers, and the sums that follow from them in the same transaction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from foretell.errors import Code, Error
from foretell.ids import new_id
from foretell.ledger import Balance, Caps, Kind, Transfer
from foretell.store.database import Connection, Row, Transaction, Value

BOOKS = ("available", "held", "granted", "spent")
_TRANSFER = "id, account_id, kind, prediction_id, available, held, granted, spent, note, created_at"


def post(transaction: Transaction, transfers: Sequence[Transfer]) -> None:
    """Writes transfers down, and what they change of the sums; those that move nothing are left out."""
    moving = [each for each in transfers if each.moves_anything]
    if not moving:
        return
    transaction.insert("transfers", _TRANSFER, [_row(each, transaction.at) for each in moving])
    tally = _tally(transaction)
    for each in moving:
        books = tally.books.setdefault(each.account_id, Counter())
        for book in BOOKS:
            books[book] += getattr(each, book)


def spend(transaction: Transaction, owner_id: str, month: str, amount: int) -> None:
    """Counts what an account's or a key's predictions of a month hold or were charged."""
    if amount:
        _tally(transaction).spending[owner_id, month] += amount


def grant(transaction: Transaction, account_id: str, amount: int, note: str | None) -> Balance:
    """The balance after credits were added, or taken by a negative amount; from now on the account is budgeted.

    Raises Error(CONFLICT) when more would be taken than is available.
    """
    lock(transaction, [account_id])
    before = balance(transaction, account_id)
    transfers = [
        Transfer(account_id=account_id, kind=Kind.GRANT, available=amount, granted=-amount, note=note)
    ]
    if not before.is_budgeted and before.spent:
        written_off = Transfer(
            account_id=account_id, kind=Kind.OPENING, available=before.spent, granted=-before.spent
        )
        transfers.insert(0, written_off)
    if amount < 0 and before.available + sum(each.available for each in transfers) < 0:
        raise Error(Code.CONFLICT, "That is more than the account has available.")
    post(transaction, transfers)
    budget(transaction, account_id, is_budgeted=True)
    return balance(transaction, account_id)


def budget(transaction: Transaction, account_id: str, *, is_budgeted: bool) -> None:
    """From now on the account can spend only what is available, or any amount."""
    lock(transaction, [account_id])
    transaction.insert("balances", "account_id", [(account_id,)], unless="account_id")
    sql = "UPDATE balances SET is_budgeted = ? WHERE account_id = ?"
    transaction.write(sql, (int(is_budgeted), account_id))


def lock(transaction: Transaction, account_ids: Sequence[str]) -> None:
    """Lets nobody else decide what these accounts can afford before this transaction ends."""
    for account_id in sorted(set(account_ids)):
        transaction.write("SELECT id FROM accounts WHERE id = ? $for_update", (account_id,))


def balance(transaction: Transaction, account_id: str) -> Balance:
    """An account's sums, with what this transaction adds to them."""
    found = balance_of(transaction.connection, account_id)
    added = _tally(transaction).books.get(account_id, Counter())
    sums = {book: getattr(found, book) + added[book] for book in BOOKS}
    return Balance(**sums, is_budgeted=found.is_budgeted)


def spent(transaction: Transaction, owner_id: str) -> Counter[str]:
    """What an account or a key has spent or holds, by month."""
    found = Counter(spending_of(transaction.connection, owner_id))
    for (owner, month), amount in _tally(transaction).spending.items():
        if owner == owner_id:
            found[month] += amount
    return found


def balance_of(connection: Connection, account_id: str) -> Balance:
    found = connection.execute(
        "SELECT available, held, granted, spent, is_budgeted FROM balances WHERE account_id = ?",
        (account_id,),
    )
    if not found:
        return Balance()
    available, held, granted, spent_, is_budgeted = found[0]
    return Balance(
        available=available, held=held, granted=granted, spent=spent_, is_budgeted=bool(is_budgeted)
    )


def spending_of(connection: Connection, owner_id: str) -> dict[str, int]:
    """What an account or a key has spent or holds, by month."""
    return dict(connection.execute("SELECT month, amount FROM spending WHERE owner_id = ?", (owner_id,)))


def caps_of(connection: Connection, owner_id: str) -> Caps:
    found = connection.execute("SELECT total_max, month_max FROM caps WHERE owner_id = ?", (owner_id,))
    return Caps(total_max=found[0][0], month_max=found[0][1]) if found else Caps()


def cap(transaction: Transaction, owner_id: str, caps: Caps) -> None:
    """From now on the account or the key may spend so much."""
    transaction.write(
        """INSERT INTO caps (owner_id, total_max, month_max) VALUES (?, ?, ?)
           ON CONFLICT (owner_id) DO UPDATE SET total_max = excluded.total_max, month_max = excluded.month_max""",
        (owner_id, caps.total_max, caps.month_max),
    )


def transfers_of(connection: Connection, account_id: str, limit: int) -> list[Transfer]:
    """An account's newest transfers, the newest first."""
    sql = f"SELECT {_TRANSFER} FROM transfers WHERE account_id = ? ORDER BY created_at DESC, id DESC LIMIT ?"
    return [_transfer(row) for row in connection.execute(sql, (account_id, limit))]


@dataclass(slots=True)
class _Tally:
    """What a transaction adds to the sums."""

    books: dict[str, Counter[str]] = field(default_factory=dict)
    spending: Counter[tuple[str, str]] = field(default_factory=Counter)


def _tally(transaction: Transaction) -> _Tally:
    tally: _Tally = transaction.last.setdefault(_write_tally, _Tally())
    return tally


def _write_tally(transaction: Transaction, tally: _Tally) -> None:
    # Last, once for each row and always in the same order, so that two processes wait and never deadlock.
    for account_id, books in sorted(tally.books.items()):
        sums = ", ".join(f"{book} = {book} + ?" for book in BOOKS)
        sql = f"UPDATE balances SET {sums} WHERE account_id = ? RETURNING account_id"
        values = (*(books[book] for book in BOOKS), account_id)
        if not transaction.execute(sql, values):
            transaction.insert("balances", "account_id", [(account_id,)], unless="account_id")
            transaction.write(sql, values)
    for (owner_id, month), amount in sorted(tally.spending.items()):
        sql = "UPDATE spending SET amount = amount + ? WHERE owner_id = ? AND month = ? RETURNING owner_id"
        if not transaction.execute(sql, (amount, owner_id, month)):
            rows = [(owner_id, month, 0)]
            transaction.insert("spending", "owner_id, month, amount", rows, unless="owner_id, month")
            transaction.write(sql, (amount, owner_id, month))


def _row(transfer: Transfer, at: int) -> tuple[Value, ...]:
    books = (getattr(transfer, book) for book in BOOKS)
    return (
        new_id(),
        transfer.account_id,
        transfer.kind,
        transfer.prediction_id,
        *books,
        transfer.note,
        at,
    )


def _transfer(row: Row) -> Transfer:
    return Transfer(
        id=row[0],
        account_id=row[1],
        kind=Kind(row[2]),
        prediction_id=row[3],
        available=row[4],
        held=row[5],
        granted=row[6],
        spent=row[7],
        note=row[8],
        created_at=row[9],
    )
