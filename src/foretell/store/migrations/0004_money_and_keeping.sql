-- Money, requests that may be repeated, and what is kept for how long.
-- serves: 0.1.0

-- Each row is a transfer between the books of one account, whose columns sum to zero: what it may spend, what is
-- held for predictions under way, what it was granted (negative, for that came from outside), what it has spent.
CREATE TABLE transfers (
    id             $word PRIMARY KEY,
    account_id     $word NOT NULL,
    kind           $word NOT NULL CHECK (kind IN ('grant', 'opening', 'hold', 'settle')),
    prediction_id  $word,
    available      BIGINT NOT NULL,
    held           BIGINT NOT NULL,
    granted        BIGINT NOT NULL,
    spent          BIGINT NOT NULL,
    note           TEXT,
    created_at     BIGINT NOT NULL,
    CONSTRAINT transfers_sum_to_zero CHECK (available + held + granted + spent = 0),
    CONSTRAINT what_is_spent_was_settled CHECK (spent = 0 OR kind = 'settle'),
    CONSTRAINT predictions_are_held_and_settled CHECK ((kind IN ('hold', 'settle')) = (prediction_id IS NOT NULL))
);
CREATE UNIQUE INDEX transfers_once ON transfers (prediction_id, kind) WHERE prediction_id IS NOT NULL;
CREATE INDEX transfers_of_account ON transfers (account_id, created_at, id);

-- The sums of an account's transfers. A budgeted account can spend only what is available.
CREATE TABLE balances (
    account_id   $word PRIMARY KEY,
    available    BIGINT NOT NULL DEFAULT 0,
    held         BIGINT NOT NULL DEFAULT 0 CHECK (held >= 0),
    granted      BIGINT NOT NULL DEFAULT 0,
    spent        BIGINT NOT NULL DEFAULT 0 CHECK (spent >= 0),
    is_budgeted  BIGINT NOT NULL DEFAULT 0 CHECK (is_budgeted IN (0, 1)),
    CONSTRAINT balances_sum_to_zero CHECK (available + held + granted + spent = 0)
)$roomy;

-- What a prediction that has a price holds, and once it is settled what it was charged: both at most once.
CREATE TABLE charges (
    prediction_id  $word PRIMARY KEY,
    account_id     $word NOT NULL,
    key_id         $word,
    held           BIGINT NOT NULL CHECK (held >= 0),
    charged        BIGINT CHECK (charged >= 0),
    created_at     BIGINT NOT NULL,
    settled_at     BIGINT,
    CONSTRAINT what_is_charged_is_settled CHECK ((charged IS NULL) = (settled_at IS NULL))
)$roomy;
CREATE INDEX charges_open ON charges (prediction_id) WHERE settled_at IS NULL;

-- What the predictions of one month hold and were charged, by account and by key (UTC, YYYY-MM).
CREATE TABLE spending (
    owner_id  $word NOT NULL,
    month     $word NOT NULL,
    amount    BIGINT NOT NULL CHECK (amount >= 0),
    PRIMARY KEY (owner_id, month)
)$clustered;

-- How much an account or a key may spend, ever and in a month; NULL: any amount.
CREATE TABLE caps (
    owner_id   $word PRIMARY KEY,
    total_max  BIGINT CHECK (total_max >= 0),
    month_max  BIGINT CHECK (month_max >= 0)
);

-- The prediction that a create under an idempotency key has made.
CREATE TABLE idempotency_keys (
    account_id     $word NOT NULL,
    route          $word NOT NULL,
    name           $word NOT NULL,
    position       BIGINT NOT NULL,
    fingerprint    $word NOT NULL,
    prediction_id  $word NOT NULL,
    created_at     BIGINT NOT NULL,
    PRIMARY KEY (account_id, route, name, position)
)$clustered;
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);

-- What a key may do, which models it may run (JSON; NULL: any), and the secret that it had before, while that still opens.
ALTER TABLE keys ADD COLUMN scopes TEXT NOT NULL DEFAULT 'manage read run';
ALTER TABLE keys ADD COLUMN models TEXT;
ALTER TABLE keys ADD COLUMN former_sha256 $word;
ALTER TABLE keys ADD COLUMN former_until_at BIGINT;
ALTER TABLE keys ADD COLUMN former_sealed $bytes;

-- Who did what, written with it.
CREATE TABLE audit (
    id          $word PRIMARY KEY,
    at          BIGINT NOT NULL,
    account_id  $word NOT NULL,
    key_id      $word,
    action      $word NOT NULL,
    subject     TEXT NOT NULL,
    request_id  TEXT NOT NULL,
    address     TEXT NOT NULL
);
CREATE INDEX audit_of_account ON audit (account_id, id);

-- When a live prediction is canceled, and when one that has not begun expires. The indexes do not say what has begun:
-- a run would then begin by touching one.
ALTER TABLE predictions ADD COLUMN cancel_at BIGINT;
ALTER TABLE predictions ADD COLUMN expire_at BIGINT;
CREATE INDEX predictions_to_cancel ON predictions (cancel_at) WHERE cancel_at IS NOT NULL AND completed_at IS NULL;
CREATE INDEX predictions_to_expire ON predictions (expire_at) WHERE expire_at IS NOT NULL AND completed_at IS NULL;

-- How long each part of a prediction is kept after its end, as it held when it was created; NULL: for ever.
ALTER TABLE bodies ADD COLUMN retention TEXT;
ALTER TABLE keys ADD COLUMN retention TEXT;

-- What is to be purged and when: a part of an ended prediction, or an upload.
CREATE TABLE purges (
    at       BIGINT NOT NULL,
    subject  $word NOT NULL,
    part     $word NOT NULL CHECK (part IN ('inputs', 'logs', 'outputs', 'upload')),
    PRIMARY KEY (at, subject, part)
)$clustered;

-- When the bytes of a file are to be erased, at the latest where nobody says so before. While they may still be on
-- their way they are erased twice, an hour apart.
ALTER TABLE files ADD COLUMN coming BIGINT NOT NULL DEFAULT 0 CHECK (coming IN (0, 1));
ALTER TABLE files ADD COLUMN erase_at BIGINT;
UPDATE files SET erase_at = COALESCE(deleted_at, removed_at) WHERE erased_at IS NULL;
DROP INDEX files_to_erase;
CREATE INDEX files_to_erase ON files (erase_at, id) WHERE erase_at IS NOT NULL;

-- What is owed to a paused endpoint is kept for it, and what is dead says why. SQLite cannot change a CHECK, so the
-- table is made anew. A forced delivery is tried though its endpoint is paused. `since_at` is when `next_at` was
-- written: one that lies ahead tells that the clock was set back.
ALTER TABLE deliveries RENAME TO former_deliveries;
CREATE TABLE deliveries (
    id             $word PRIMARY KEY,
    prediction_id  $word NOT NULL,
    account_id     $word NOT NULL,
    key_id         $word,
    event          $word NOT NULL CHECK (event IN ('started', 'processing', 'completed', 'failed', 'canceled')),
    url            TEXT NOT NULL,
    state          $word NOT NULL CHECK (state IN ('pending', 'paused', 'delivered', 'dead')),
    attempts       BIGINT NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    next_at        BIGINT NOT NULL,
    holder         $word,
    body           $bytes,
    signature      TEXT,
    created_at     BIGINT NOT NULL,
    reason         TEXT,
    endpoint       $word,
    is_forced      BIGINT NOT NULL DEFAULT 0 CHECK (is_forced IN (0, 1)),
    since_at       BIGINT NOT NULL DEFAULT 0,
    UNIQUE (prediction_id, event)
);
INSERT INTO deliveries (id, prediction_id, account_id, key_id, event, url, state, attempts, next_at, holder, body, signature, created_at)
    SELECT id, prediction_id, account_id, key_id, event, url, state, attempts, next_at, holder, body, signature, created_at
    FROM former_deliveries;
DROP TABLE former_deliveries;
CREATE INDEX deliveries_due ON deliveries (next_at, id) WHERE state = 'pending';
CREATE INDEX deliveries_since ON deliveries (since_at, id) WHERE state = 'pending';
CREATE INDEX deliveries_paused ON deliveries (endpoint, created_at, id) WHERE state = 'paused';
CREATE INDEX deliveries_paused_by_age ON deliveries (created_at, id) WHERE state = 'paused';
CREATE INDEX deliveries_of_account ON deliveries (account_id, created_at, id);
CREATE INDEX deliveries_by_age ON deliveries (created_at, id);
ALTER TABLE delivery_attempts ADD COLUMN answer TEXT;

-- What an account's webhooks go to, an address without its query, and how it has been doing since it last took one.
CREATE TABLE endpoints (
    id                $word PRIMARY KEY,
    account_id        $word NOT NULL,
    url               TEXT NOT NULL,
    failures          BIGINT NOT NULL CHECK (failures >= 0),
    deaths            BIGINT NOT NULL CHECK (deaths >= 0),
    failing_since_at  BIGINT,
    paused_at         BIGINT,
    reason            TEXT,
    probe_at          BIGINT,
    succeeded_at      BIGINT,
    failed_at         BIGINT,
    used_at           BIGINT NOT NULL,
    CONSTRAINT what_is_paused_says_why CHECK ((paused_at IS NULL) = (reason IS NULL) AND (paused_at IS NULL) = (probe_at IS NULL))
);
CREATE INDEX endpoints_of_account ON endpoints (account_id, id);
CREATE INDEX endpoints_paused ON endpoints (probe_at, id) WHERE paused_at IS NOT NULL;
CREATE INDEX endpoints_by_use ON endpoints (used_at, id);

-- The webhook secret that an account had before, while it still signs beside the new one.
ALTER TABLE accounts ADD COLUMN former_webhook_secret $bytes;
ALTER TABLE accounts ADD COLUMN former_webhook_until_at BIGINT;
