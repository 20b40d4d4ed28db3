-- Telemetry lives in a schema of its own: hot tables with plain SQL, outside the Prisma schema and its diff.
CREATE SCHEMA "telemetry";

-- One label set: who called whom by which route, seen from which side. Stored once, never changed.
CREATE TABLE "telemetry"."edge" (
    "id" INTEGER GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- SHA-256 of the canonical labels.
    "key" BYTEA NOT NULL UNIQUE,
    "reporter" TEXT NOT NULL,
    "source_namespace" TEXT NOT NULL,
    "source_service" TEXT NOT NULL,
    "source_version" TEXT NOT NULL,
    "source_workload" TEXT NOT NULL,
    "destination_namespace" TEXT NOT NULL,
    "destination_service" TEXT NOT NULL,
    "destination_version" TEXT NOT NULL,
    "destination_workload" TEXT NOT NULL,
    "destination_port" INTEGER NOT NULL,
    "peer_principal" TEXT NOT NULL,
    "protocol" TEXT NOT NULL,
    "route" TEXT NOT NULL,
    "mtls" BOOLEAN NOT NULL,
    -- Whether this side's report counts: the caller's if it is in the mesh, else the callee's.
    "is_counted" BOOLEAN NOT NULL
);
CREATE INDEX "edge_destination" ON "telemetry"."edge" ("destination_namespace", "destination_service");
CREATE INDEX "edge_source" ON "telemetry"."edge" ("source_namespace", "source_service");
CREATE INDEX "edge_route" ON "telemetry"."edge" ("route");

-- One process of one proxy, with its newest cumulative counts: what a report adds is the difference to this row.
CREATE TABLE "telemetry"."instance" (
    "id" INTEGER GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    "instance_id" TEXT NOT NULL,
    "start_ms" BIGINT NOT NULL,
    "namespace" TEXT NOT NULL,
    "workload" TEXT NOT NULL,
    -- Time of the newest report, by the proxy's clock but never later than the control plane's.
    "last_time_ms" BIGINT NOT NULL,
    -- Counts the changes of the arrays below; a replica that knows it need not read them.
    "sequence" BIGINT NOT NULL DEFAULT 0,
    -- Parallel arrays: edge, outcome (flags * 1024 + status), counts.
    "edges" INTEGER[] NOT NULL DEFAULT '{}',
    "outcomes" BIGINT[] NOT NULL DEFAULT '{}',
    "requests" BIGINT[] NOT NULL DEFAULT '{}',
    "retries" BIGINT[] NOT NULL DEFAULT '{}',
    -- Bytes and histograms by edge.
    "packed" BYTEA NOT NULL DEFAULT '',
    -- Long silent: its counts are in "total", its reports are no longer taken.
    "is_retired" BOOLEAN NOT NULL DEFAULT false,
    UNIQUE ("instance_id", "start_ms")
) WITH (fillfactor = 50);
CREATE INDEX "instance_last_time" ON "telemetry"."instance" ("is_retired", "id");

-- Counts of retired instances.
CREATE TABLE "telemetry"."total" (
    "edge" INTEGER NOT NULL,
    "outcome" BIGINT NOT NULL,
    "requests" BIGINT NOT NULL,
    "retries" BIGINT NOT NULL,
    PRIMARY KEY ("edge", "outcome")
);

-- What was counted in one second. A bucket holds only requests that finished at or after its beginning.
CREATE TABLE "telemetry"."second" (
    "at" BIGINT NOT NULL,
    "edge" INTEGER NOT NULL,
    "requests" BIGINT NOT NULL,
    "failures" BIGINT NOT NULL,
    "retries" BIGINT NOT NULL,
    "request_bytes" BIGINT NOT NULL,
    "response_bytes" BIGINT NOT NULL,
    -- Sparse and parallel: outcome, its requests and retries; bucket of the histogram, its count. An entry may occur twice: entries add up.
    "outcomes" BIGINT[] NOT NULL,
    "outcome_requests" BIGINT[] NOT NULL,
    "outcome_retries" BIGINT[] NOT NULL,
    "duration_buckets" SMALLINT[] NOT NULL,
    "duration_counts" BIGINT[] NOT NULL,
    "ttfb_buckets" SMALLINT[] NOT NULL,
    "ttfb_counts" BIGINT[] NOT NULL,
    PRIMARY KEY ("at", "edge")
) WITH (autovacuum_vacuum_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.05);

CREATE TABLE "telemetry"."minute" (LIKE "telemetry"."second" INCLUDING ALL);

-- Until when (Unix seconds, a whole minute) seconds were summed up to minutes; what is older goes to both tables.
CREATE TABLE "telemetry"."rollup" (
    "is_only" BOOLEAN PRIMARY KEY DEFAULT true CHECK ("is_only"),
    "rolled_until" BIGINT NOT NULL
);
INSERT INTO "telemetry"."rollup" ("rolled_until") VALUES (0);

CREATE TABLE "telemetry"."span" (
    "trace_id" BYTEA NOT NULL,
    "span_id" BYTEA NOT NULL,
    "parent_span_id" BYTEA,
    "start_ms" DOUBLE PRECISION NOT NULL,
    "duration_ms" DOUBLE PRECISION NOT NULL,
    "namespace" TEXT NOT NULL,
    "service" TEXT NOT NULL,
    "workload" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "status" INTEGER NOT NULL,
    "is_error" BOOLEAN NOT NULL,
    "attributes" JSONB NOT NULL,
    PRIMARY KEY ("trace_id", "span_id")
);
CREATE INDEX "span_start" ON "telemetry"."span" ("start_ms");
CREATE INDEX "span_service" ON "telemetry"."span" ("namespace", "service", "start_ms");
