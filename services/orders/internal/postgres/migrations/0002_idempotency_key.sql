-- An order made without a key has none, and any number of orders may have none.
ALTER TABLE orders ADD COLUMN idempotency_key text UNIQUE;
