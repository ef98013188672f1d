-- How many of how many steps a run has done, for models that count them; NULL for all others.
-- serves: 0.1.0

ALTER TABLE predictions ADD COLUMN steps TEXT;
