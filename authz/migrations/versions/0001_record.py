"""The record: sessions, what was judged, tickets and votes, events and sealed bodies, leases.

What is written once (`events`, `payloads`, `segments`, `judged`, `memos`, `sessions`) is written by functions of the
owner and by nothing else; `authz.database.GRANTS` gives the app role the rest. Times that matter are the database's.
Ciphertext columns are EXTERNAL: compressing them would cost time and gain nothing. The order of the tamper-evident log
is not here: its sequencer keeps a table of its own that points at event ids.

Revision ID: 0001
"""

from __future__ import annotations

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE sessions (
    id text PRIMARY KEY,
    tenant text NOT NULL,
    issuer text NOT NULL,
    subject text NOT NULL,
    kind text NOT NULL,
    profile text NOT NULL,
    rules_revision text NOT NULL,
    policy_revision text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX sessions_newest ON sessions (tenant, created_at DESC, id DESC);

CREATE TABLE rule_sets (
    revision text PRIMARY KEY,
    archive bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE TABLE data_keys (
    id text PRIMARY KEY,
    session text NOT NULL,
    tenant text NOT NULL,
    retention text NOT NULL,
    month date NOT NULL,
    kek_id text NOT NULL,
    wrapped bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    UNIQUE (session, retention, month)
);

CREATE TABLE events (
    id text PRIMARY KEY,
    kind text NOT NULL,
    exchange text NOT NULL,
    session text NOT NULL,
    worker text NOT NULL,
    at_ms bigint NOT NULL,
    body bytea NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    ordinal integer NOT NULL
);
COMMENT ON COLUMN events.body IS 'the whole event, RFC 8785';
COMMENT ON COLUMN events.ordinal IS 'place within the group that was committed at recorded_at';
CREATE UNIQUE INDEX events_opened_once ON events (exchange) WHERE kind = 'exchange.opened';
CREATE UNIQUE INDEX events_closed_once ON events (exchange) WHERE kind = 'exchange.closed';
CREATE INDEX events_of_session ON events (session, recorded_at, ordinal);

CREATE TABLE payloads (
    id text PRIMARY KEY,
    exchange text NOT NULL,
    session text NOT NULL,
    kind text NOT NULL,
    data_key_id text NOT NULL,
    sealed bytea STORAGE EXTERNAL NOT NULL,
    digest bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX payloads_of_exchange ON payloads (exchange);

CREATE TABLE segments (
    exchange text NOT NULL,
    n integer NOT NULL,
    data_key_id text NOT NULL,
    sealed bytea STORAGE EXTERNAL NOT NULL,
    chain bytea NOT NULL,
    PRIMARY KEY (exchange, n)
);

CREATE TABLE approvals (
    id text PRIMARY KEY,
    session text NOT NULL,
    exchange text NOT NULL,
    tenant text NOT NULL,
    issuer text NOT NULL,
    subject text NOT NULL,
    state text NOT NULL DEFAULT 'PENDING' CHECK (state IN
        ('PENDING', 'APPROVED', 'CONSUMED', 'DONE', 'DENIED', 'EXPIRED', 'CANCELLED', 'REVOKED')),
    version integer NOT NULL DEFAULT 1,
    model text NOT NULL,
    tools_digest bytea NOT NULL,
    request_digest bytea NOT NULL,
    thread_digest bytea NOT NULL,
    reasons text[] NOT NULL,
    findings jsonb NOT NULL,
    triggers text[] NOT NULL,
    reviewers text[] NOT NULL,
    min_approvals integer NOT NULL CHECK (min_approvals >= 1),
    grant_seconds integer NOT NULL CHECK (grant_seconds > 0),
    payload text NOT NULL REFERENCES payloads (id),
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    expires_at timestamptz NOT NULL,
    grant_expires_at timestamptz,
    consumed_by text,
    consumed_at timestamptz,
    revoked_at timestamptz,
    outcome text NOT NULL DEFAULT ''
);
CREATE UNIQUE INDEX approvals_one_open ON approvals (session, request_digest)
    WHERE state IN ('PENDING', 'APPROVED');
CREATE INDEX approvals_of_request ON approvals (session, request_digest, created_at DESC);
CREATE INDEX approvals_pending ON approvals (tenant, issuer, subject, expires_at) WHERE state = 'PENDING';
CREATE INDEX approvals_newest ON approvals (tenant, created_at DESC, id DESC);
CREATE INDEX approvals_consumed ON approvals (consumed_by) WHERE state = 'CONSUMED';
CREATE INDEX approvals_due ON approvals (coalesce(grant_expires_at, expires_at))
    WHERE state IN ('PENDING', 'APPROVED');

CREATE TABLE votes (
    approval text NOT NULL REFERENCES approvals (id),
    issuer text NOT NULL,
    subject text NOT NULL,
    verdict text NOT NULL CHECK (verdict IN ('approve', 'deny')),
    justification bytea,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (approval, subject)
);

CREATE TABLE judged (
    session text NOT NULL,
    digest bytea NOT NULL,
    approval text REFERENCES approvals (id),
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    UNIQUE NULLS NOT DISTINCT (session, digest, approval)
);

CREATE TABLE memos (
    session text NOT NULL,
    thread_digest bytea NOT NULL,
    exchange text NOT NULL,
    sealed bytea STORAGE EXTERNAL NOT NULL,
    sealed_sha256 bytea GENERATED ALWAYS AS (sha256(sealed)) STORED,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (session, thread_digest, sealed_sha256)
);

CREATE TABLE workers (
    id text PRIMARY KEY,
    lease_until timestamptz NOT NULL
);

CREATE TABLE open_exchanges (
    exchange text PRIMARY KEY,
    session text NOT NULL,
    worker text NOT NULL,
    opened_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX open_exchanges_of_worker ON open_exchanges (worker);
CREATE INDEX open_exchanges_of_session ON open_exchanges (session);

CREATE TYPE new_event AS
    (id text, kind text, exchange text, session text, at_ms bigint, body bytea);
CREATE TYPE new_payload AS
    (id text, exchange text, session text, kind text, data_key_id text, sealed bytea, digest bytea);
CREATE TYPE new_segment AS (exchange text, n integer, data_key_id text, sealed bytea, chain bytea);
CREATE TYPE new_judged AS (session text, digest bytea, approval text);
CREATE TYPE new_memo AS (session text, thread_digest bytea, exchange text, sealed bytea)
"""

TICKETS = """
CREATE VIEW tickets AS
SELECT a.*,
    CASE
        WHEN a.state = 'PENDING' AND a.expires_at <= clock_timestamp() THEN 'EXPIRED'
        WHEN a.state = 'APPROVED' AND a.grant_expires_at <= clock_timestamp() THEN 'EXPIRED'
        ELSE a.state
    END AS stands,
    (extract(epoch FROM a.created_at) * 1000)::bigint AS created_ms,
    (extract(epoch FROM a.expires_at) * 1000)::bigint AS expires_ms,
    (extract(epoch FROM a.grant_expires_at) * 1000)::bigint AS grant_expires_ms,
    ARRAY(SELECT v.subject FROM votes v WHERE v.approval = a.id ORDER BY v.created_at, v.subject) AS decided_by
FROM approvals a
"""

APPEND = """
CREATE FUNCTION append_records(
    p_worker text, p_events new_event[], p_payloads new_payload[], p_segments new_segment[],
    p_judged new_judged[], p_memos new_memo[]
) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    fresh bigint;
    late boolean;
BEGIN
    -- A row that is there already is a repetition after an unclear COMMIT if it is the same, and a fault if not.
    -- Sorted insertion: two groups that share keys must not wait for each other crosswise.
    IF cardinality(p_payloads) > 0 THEN
        INSERT INTO payloads (id, exchange, session, kind, data_key_id, sealed, digest)
        SELECT id, exchange, session, kind, data_key_id, sealed, digest FROM unnest(p_payloads) ORDER BY id
        ON CONFLICT (id) DO NOTHING;
        GET DIAGNOSTICS fresh = ROW_COUNT;
        IF fresh < cardinality(p_payloads) AND EXISTS (
            SELECT FROM unnest(p_payloads) g JOIN payloads k USING (id)
            WHERE k.digest <> g.digest OR k.exchange <> g.exchange
        ) THEN
            RAISE EXCEPTION 'payload id used twice' USING ERRCODE = 'PH001';
        END IF;
    END IF;

    IF cardinality(p_segments) > 0 THEN
        WITH added AS (
            INSERT INTO segments (exchange, n, data_key_id, sealed, chain)
            SELECT exchange, n, data_key_id, sealed, chain FROM unnest(p_segments) ORDER BY exchange, n
            ON CONFLICT (exchange, n) DO NOTHING RETURNING exchange
        )
        SELECT count(*), bool_or(EXISTS (
            SELECT FROM events e WHERE e.kind = 'exchange.closed' AND e.exchange = added.exchange
        )) INTO fresh, late FROM added;
        IF late THEN  -- swept after its worker's lease ended: that worker must release nothing more
            RAISE EXCEPTION 'exchange is closed' USING ERRCODE = 'PH002';
        END IF;
        IF fresh < cardinality(p_segments) AND EXISTS (
            SELECT FROM unnest(p_segments) g JOIN segments k USING (exchange, n) WHERE k.chain <> g.chain
        ) THEN
            RAISE EXCEPTION 'segment number used twice' USING ERRCODE = 'PH001';
        END IF;
    END IF;

    IF cardinality(p_judged) > 0 THEN
        INSERT INTO judged (session, digest, approval)
        SELECT DISTINCT session, digest, approval FROM unnest(p_judged) ORDER BY session, digest, approval
        ON CONFLICT (session, digest, approval) DO NOTHING;
    END IF;

    IF cardinality(p_memos) > 0 THEN
        INSERT INTO memos (session, thread_digest, exchange, sealed)
        SELECT session, thread_digest, exchange, sealed FROM unnest(p_memos) ORDER BY session, thread_digest, sealed
        ON CONFLICT (session, thread_digest, sealed_sha256) DO NOTHING;
    END IF;

    IF cardinality(p_events) > 0 THEN
        WITH added AS (
            INSERT INTO events (id, kind, exchange, session, worker, at_ms, body, recorded_at, ordinal)
            SELECT id, kind, exchange, session, p_worker, at_ms, body, clock.now, ordinality
            FROM unnest(p_events) WITH ORDINALITY, (SELECT clock_timestamp() AS now OFFSET 0) clock
            ORDER BY ordinality
            ON CONFLICT (id) DO NOTHING RETURNING kind, exchange, session
        ), opened AS (
            INSERT INTO open_exchanges (exchange, session, worker)
            SELECT o.exchange, o.session, p_worker FROM added o
            WHERE o.kind = 'exchange.opened'
                AND NOT EXISTS (SELECT FROM added c WHERE c.kind = 'exchange.closed' AND c.exchange = o.exchange)
        ), closed AS (
            DELETE FROM open_exchanges o USING added c
            WHERE c.kind = 'exchange.closed' AND o.exchange = c.exchange
        )
        SELECT count(*) INTO fresh FROM added;
        IF fresh < cardinality(p_events) AND EXISTS (
            SELECT FROM unnest(p_events) g JOIN events k USING (id) WHERE k.body <> g.body
        ) THEN
            RAISE EXCEPTION 'event id used twice' USING ERRCODE = 'PH001';
        END IF;
    END IF;
END $$
"""

PIN = """
CREATE FUNCTION pin_session(
    p_id text, p_tenant text, p_issuer text, p_subject text, p_kind text,
    p_profile text, p_rules_revision text, p_policy_revision text
) RETURNS SETOF sessions LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    INSERT INTO sessions (id, tenant, issuer, subject, kind, profile, rules_revision, policy_revision)
    VALUES (p_id, p_tenant, p_issuer, p_subject, p_kind, p_profile, p_rules_revision, p_policy_revision)
    ON CONFLICT (id) DO NOTHING;
    -- A statement of its own, so that it sees the row of whoever was first.
    RETURN QUERY SELECT * FROM sessions
        WHERE id = p_id AND tenant = p_tenant AND issuer = p_issuer AND subject = p_subject;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'session belongs to another principal' USING ERRCODE = 'PH003';
    END IF;
END $$
"""


def upgrade() -> None:
    """Make the whole first schema."""
    for statement in (*TABLES.split(";\n"), TICKETS, APPEND, PIN):
        op.execute(statement)


def downgrade() -> None:
    """Refuse: the record is never thrown away by a migration."""
    raise NotImplementedError("the record is never thrown away by a migration")
