-- Schema 5: what an audit record says besides has fields.

-- A JSON object; NULL in records of before, whose `detail` stays as it is. The chain counts it.
ALTER TABLE audit ADD COLUMN fields TEXT;
