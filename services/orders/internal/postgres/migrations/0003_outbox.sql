-- Events that wait to be published. Each is written in the transaction that makes it true, and deleted in the one in
-- which it was published; number is the order in which they came.
CREATE TABLE outbox (
    number          bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id              text        NOT NULL UNIQUE,
    event           jsonb       NOT NULL,
    created_at      timestamptz NOT NULL DEFAULT now(),
    refusals        integer     NOT NULL DEFAULT 0,
    due_at          timestamptz NOT NULL DEFAULT now()
);
