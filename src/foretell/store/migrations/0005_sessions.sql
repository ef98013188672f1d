-- Who is signed in to the dashboard.
-- serves: 0.1.0

-- A browser that is signed in, with the key it was begun with; NULL: with a link.
CREATE TABLE sessions (
    id          $word PRIMARY KEY,
    account_id  $word NOT NULL,
    sha256      $word NOT NULL UNIQUE,
    key_id      $word,
    key_sha256  $word,
    agent       TEXT NOT NULL,
    address     TEXT NOT NULL,
    created_at  BIGINT NOT NULL,
    seen_at     BIGINT NOT NULL,
    CONSTRAINT a_key_has_a_digest CHECK ((key_id IS NULL) = (key_sha256 IS NULL))
);
CREATE INDEX sessions_of_account ON sessions (account_id, created_at, id);
CREATE INDEX sessions_by_use ON sessions (seen_at);

-- Links that sign somebody in, once: using one takes it away.
CREATE TABLE sign_in_links (
    sha256      $word PRIMARY KEY,
    account_id  $word NOT NULL,
    expires_at  BIGINT NOT NULL
);
