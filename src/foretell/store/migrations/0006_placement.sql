-- What operators want of nodes, replicas and models; what replicas have done and hold.
-- serves: 0.1.0

ALTER TABLE nodes ADD COLUMN drained_at BIGINT;
ALTER TABLE replicas ADD COLUMN unload_at BIGINT;
ALTER TABLE replicas ADD COLUMN facts TEXT;

-- Models that accept predictions and start none, by the name under which their versions are registered.
CREATE TABLE pauses (
    model      $word PRIMARY KEY,
    paused_at  BIGINT NOT NULL
);
