-- number is the order in which orders were made; lists go by it.
CREATE TABLE orders (
    number          bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id              text        NOT NULL UNIQUE,
    customer        text        NOT NULL,
    lines           jsonb       NOT NULL,
    total_cents     bigint      NOT NULL CHECK (total_cents >= 0),
    created_at      timestamptz NOT NULL
);
