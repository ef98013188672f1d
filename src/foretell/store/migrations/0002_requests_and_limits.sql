-- What the dialect of a request needs to answer for it again; how much a key or an account may
-- ask for; what a prediction costs.
-- serves: 0.1.0

ALTER TABLE bodies ADD COLUMN request TEXT;

ALTER TABLE accounts ADD COLUMN requests_per_minute BIGINT CHECK (requests_per_minute > 0);
ALTER TABLE accounts ADD COLUMN concurrency_max BIGINT CHECK (concurrency_max > 0);
ALTER TABLE keys ADD COLUMN requests_per_minute BIGINT CHECK (requests_per_minute > 0);
ALTER TABLE keys ADD COLUMN concurrency_max BIGINT CHECK (concurrency_max > 0);
ALTER TABLE keys ADD COLUMN webhook_secret $bytes;
-- What an account has live, counted by model where it may not have more.
CREATE INDEX predictions_live ON predictions (account_id, version_id) WHERE completed_at IS NULL;
-- What an account deleted still counts for its minute.
CREATE INDEX predictions_deleted ON predictions (account_id, created_at) WHERE deleted_at IS NOT NULL;

-- The price as it was when the prediction was created; NULL where it is free.
ALTER TABLE bodies ADD COLUMN pricing TEXT;
