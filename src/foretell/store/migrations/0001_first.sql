-- The first shape of the database.
-- serves: 0.1.0

CREATE TABLE accounts (
    id              $word PRIMARY KEY,
    name            TEXT NOT NULL UNIQUE,
    role            TEXT NOT NULL CHECK (role IN ('member', 'operator')),
    created_at      BIGINT NOT NULL,
    suspended_at    BIGINT,
    webhook_secret  $bytes
);

CREATE TABLE keys (
    id            $word PRIMARY KEY,
    account_id    $word NOT NULL REFERENCES accounts (id),
    name          TEXT NOT NULL,
    sha256        $word NOT NULL UNIQUE,
    last4         TEXT NOT NULL,
    sealed        $bytes,
    created_at    BIGINT NOT NULL,
    last_used_at  BIGINT,
    expires_at    BIGINT,
    revoked_at    BIGINT,
    CHECK (revoked_at IS NULL OR sealed IS NULL)
);
CREATE INDEX keys_of_account ON keys (account_id);

CREATE TABLE versions (
    id              $word PRIMARY KEY,
    model           $word NOT NULL,
    manifest        TEXT NOT NULL,
    input_schema    TEXT NOT NULL,
    output_schema   TEXT NOT NULL,
    streaming       BIGINT NOT NULL CHECK (streaming IN (0, 1)),
    offline_reason  TEXT,
    created_at      BIGINT NOT NULL
);

CREATE TABLE models (
    name        $word PRIMARY KEY,
    version_id  $word NOT NULL REFERENCES versions (id)
);

CREATE TABLE predictions (
    id                $word PRIMARY KEY,
    account_id        $word NOT NULL,
    key_id            $word,
    model             TEXT NOT NULL,
    model_type        TEXT NOT NULL,
    version_id        $word NOT NULL,
    lane              $word NOT NULL,
    status            $word NOT NULL,
    node              $word,
    attempt           BIGINT NOT NULL DEFAULT 0,
    losses            BIGINT NOT NULL DEFAULT 0,
    priority          BIGINT NOT NULL DEFAULT 0,
    turn              BIGINT NOT NULL,
    run_after_at      BIGINT NOT NULL DEFAULT 0,
    created_at        BIGINT NOT NULL,
    held_at           BIGINT,
    started_at        BIGINT,
    completed_at      BIGINT,
    updated_at        BIGINT NOT NULL,
    origin            TEXT NOT NULL,
    source            TEXT NOT NULL,
    privacy           TEXT NOT NULL,
    stream            BIGINT NOT NULL CHECK (stream IN (0, 1)),
    input_hash        $word,
    phase             TEXT,
    progress          DOUBLE PRECISION NOT NULL DEFAULT 0,
    cost_nanocredits  BIGINT NOT NULL DEFAULT 0,
    webhook_events    TEXT,
    data_removed_at   BIGINT,
    deleted_at        BIGINT,
    CONSTRAINT status_is_known CHECK (status IN ('starting', 'processing', 'succeeded', 'failed', 'canceled')),
    CONSTRAINT processing_is_held CHECK (status <> 'processing' OR node IS NOT NULL),
    CONSTRAINT processing_has_started CHECK ((status = 'processing') = (started_at IS NOT NULL AND completed_at IS NULL)),
    CONSTRAINT terminal_is_not_held CHECK (status NOT IN ('succeeded', 'failed', 'canceled') OR node IS NULL),
    CONSTRAINT terminal_is_completed CHECK ((status IN ('succeeded', 'failed', 'canceled')) = (completed_at IS NOT NULL)),
    CONSTRAINT a_hold_has_an_instant CHECK (node IS NULL OR (held_at IS NOT NULL AND attempt > 0)),
    CONSTRAINT deleted_is_terminal CHECK (deleted_at IS NULL OR completed_at IS NOT NULL),
    CONSTRAINT attempts_count_up CHECK (attempt >= 0),
    CONSTRAINT losses_are_bounded CHECK (losses BETWEEN 0 AND 3),
    CONSTRAINT progress_is_a_percentage CHECK (progress BETWEEN 0 AND 100),
    CONSTRAINT cost_is_not_negative CHECK (cost_nanocredits >= 0),
    CONSTRAINT privacy_is_known CHECK (privacy IN ('private', 'public'))
)$roomy;
-- Free and not ended is what waits. Saying so without the status lets a run begin without touching any index.
CREATE INDEX predictions_waiting ON predictions (lane, priority DESC, turn, id) WHERE node IS NULL AND completed_at IS NULL;
CREATE INDEX predictions_held ON predictions (node) WHERE node IS NOT NULL;
CREATE INDEX predictions_of_account ON predictions (account_id, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX predictions_by_age ON predictions (created_at, id) WHERE deleted_at IS NULL;

CREATE TABLE bodies (
    prediction_id  $word PRIMARY KEY,
    input          TEXT NOT NULL,
    result         TEXT,
    failure        TEXT,
    metrics        TEXT,
    metadata       TEXT,
    webhook        TEXT
)$roomy;

CREATE TABLE lanes (
    lane        $word NOT NULL,
    priority    BIGINT NOT NULL,
    version_id  $word NOT NULL,
    waiting     BIGINT NOT NULL CHECK (waiting >= 0),
    now         BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (lane, priority)
);

CREATE TABLE turns (
    lane        $word NOT NULL,
    priority    BIGINT NOT NULL,
    account_id  $word NOT NULL,
    last_turn   BIGINT NOT NULL,
    cost        BIGINT NOT NULL,
    PRIMARY KEY (lane, priority, account_id)
);

CREATE TABLE events (
    prediction_id  $word NOT NULL,
    attempt        BIGINT NOT NULL,
    sequence       BIGINT NOT NULL,
    last_sequence  BIGINT NOT NULL,
    batch          TEXT NOT NULL,
    CHECK (attempt > 0 AND sequence > 0 AND last_sequence >= sequence),
    PRIMARY KEY (prediction_id, attempt, sequence)
)$clustered;

CREATE TABLE files (
    id             $word PRIMARY KEY,
    account_id     $word NOT NULL,
    prediction_id  $word,
    purpose        TEXT NOT NULL CHECK (purpose IN ('output', 'upload', 'value')),
    name           TEXT NOT NULL,
    content_type   TEXT NOT NULL,
    size_bytes     BIGINT NOT NULL CHECK (size_bytes >= 0),
    sha256         $word NOT NULL,
    created_at     BIGINT NOT NULL,
    removed_at     BIGINT,
    deleted_at     BIGINT,
    erased_at      BIGINT
);
CREATE INDEX files_of_prediction ON files (prediction_id) WHERE prediction_id IS NOT NULL;
CREATE INDEX files_to_erase ON files (id) WHERE erased_at IS NULL AND (removed_at IS NOT NULL OR deleted_at IS NOT NULL);

CREATE TABLE deliveries (
    id             $word PRIMARY KEY,
    prediction_id  $word NOT NULL,
    account_id     $word NOT NULL,
    key_id         $word,
    event          $word NOT NULL CHECK (event IN ('started', 'processing', 'completed', 'failed', 'canceled')),
    url            TEXT NOT NULL,
    state          $word NOT NULL CHECK (state IN ('pending', 'delivered', 'dead')),
    attempts       BIGINT NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    next_at        BIGINT NOT NULL,
    holder         $word,
    body           $bytes,
    signature      TEXT,
    created_at     BIGINT NOT NULL,
    UNIQUE (prediction_id, event)
);
CREATE INDEX deliveries_due ON deliveries (next_at, id) WHERE state = 'pending';

CREATE TABLE delivery_attempts (
    delivery_id  $word NOT NULL,
    number       BIGINT NOT NULL CHECK (number > 0),
    at           BIGINT NOT NULL,
    status       BIGINT,
    error        TEXT,
    seconds      DOUBLE PRECISION NOT NULL,
    PRIMARY KEY (delivery_id, number)
);

CREATE TABLE nodes (
    id           $word PRIMARY KEY,
    incarnation  $word NOT NULL UNIQUE,
    address      TEXT,
    hardware     TEXT NOT NULL,
    seen_at      BIGINT NOT NULL
);

CREATE TABLE replicas (
    id          $word PRIMARY KEY,
    version_id  $word NOT NULL,
    node        $word NOT NULL,
    state       $word NOT NULL CHECK (state IN ('wanted', 'fetching', 'loading', 'ready', 'draining', 'dead')),
    fraction    DOUBLE PRECISION,
    pid         BIGINT,
    memory_mb   BIGINT,
    updated_at  BIGINT NOT NULL
);
CREATE UNIQUE INDEX replicas_coming ON replicas (version_id, node) WHERE state IN ('wanted', 'fetching', 'loading');
