-- What callers call their uploads, and the list of them.
-- serves: 0.1.0

ALTER TABLE files ADD COLUMN given_name TEXT;
ALTER TABLE files ADD COLUMN given_purpose TEXT;
CREATE INDEX uploads_of_account ON files (account_id, created_at, id) WHERE purpose = 'upload' AND deleted_at IS NULL AND removed_at IS NULL;
