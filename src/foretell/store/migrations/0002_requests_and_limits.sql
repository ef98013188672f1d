-- What the dialect of a request needs to answer for it again; how much a key or an account may ask for.
-- serves: 0.1.0

ALTER TABLE bodies ADD COLUMN request TEXT;

ALTER TABLE accounts ADD COLUMN requests_per_minute BIGINT CHECK (requests_per_minute > 0);
ALTER TABLE accounts ADD COLUMN concurrency_max BIGINT CHECK (concurrency_max > 0);
ALTER TABLE keys ADD COLUMN requests_per_minute BIGINT CHECK (requests_per_minute > 0);
ALTER TABLE keys ADD COLUMN concurrency_max BIGINT CHECK (concurrency_max > 0);
ALTER TABLE keys ADD COLUMN webhook_secret $bytes;
