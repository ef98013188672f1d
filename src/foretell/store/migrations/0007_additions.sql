-- Models that are added while a server runs: every version that can be gone back to, and how it came to be there.
-- serves: 0.1.0

-- tried_at: since when an added version is known to load; NULL while that is being found out.
ALTER TABLE versions ADD COLUMN tried_at BIGINT DEFAULT 0;
-- current_at: when it last became the one that its model's name means.
ALTER TABLE versions ADD COLUMN current_at BIGINT;
-- removed_at: since when nobody can ask for it; its folder goes when nothing that was accepted needs it.
ALTER TABLE versions ADD COLUMN removed_at BIGINT;
CREATE INDEX versions_of_model ON versions (model, id);

-- What an operator does with a model step by step: adding it, testing it, fetching what it needs.
CREATE TABLE additions (
    id             $word PRIMARY KEY,
    kind           $word NOT NULL,
    account_id     $word NOT NULL,
    source         TEXT NOT NULL,
    model          $word NOT NULL,
    version_id     $word,
    prediction_id  $word,
    state          $word NOT NULL,
    steps          TEXT NOT NULL,
    error          TEXT,
    log            TEXT NOT NULL,
    created_at     BIGINT NOT NULL,
    updated_at     BIGINT NOT NULL,
    CONSTRAINT kind_is_known CHECK (kind IN ('add', 'test', 'pull')),
    CONSTRAINT state_is_known CHECK (state IN ('running', 'succeeded', 'failed', 'canceled')),
    CONSTRAINT a_failure_says_why CHECK (state <> 'failed' OR error IS NOT NULL)
);
CREATE INDEX additions_of_model ON additions (model, id);
CREATE INDEX additions_running ON additions (updated_at) WHERE state = 'running';
