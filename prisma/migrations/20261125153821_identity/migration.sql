-- CreateEnum
CREATE TYPE "WorkloadState" AS ENUM ('joined', 'live', 'draining', 'out');

-- CreateEnum
CREATE TYPE "AddressKind" AS ENUM ('workload', 'service');

-- CreateEnum
CREATE TYPE "AuthorityRole" AS ENUM ('root', 'issuing');

-- CreateEnum
CREATE TYPE "DenialKind" AS ENUM ('identity', 'serial');

-- CreateTable
CREATE TABLE "registry_state" (
    "id" INTEGER NOT NULL DEFAULT 1,
    "sequence" BIGINT NOT NULL DEFAULT 0,

    CONSTRAINT "registry_state_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "workloads" (
    "namespace" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "spiffe_id" TEXT NOT NULL,
    "service_account" TEXT NOT NULL,
    "service" TEXT NOT NULL,
    "version" TEXT NOT NULL,
    "address" TEXT NOT NULL,
    "inbound_port" INTEGER NOT NULL,
    "model" TEXT NOT NULL,
    "hostname" TEXT NOT NULL,
    "labels" JSONB NOT NULL,
    "ports" JSONB NOT NULL,
    "state" "WorkloadState" NOT NULL DEFAULT 'joined',
    "is_healthy" BOOLEAN NOT NULL DEFAULT true,
    "instance_id" TEXT NOT NULL DEFAULT '',
    "software_version" TEXT NOT NULL DEFAULT '',
    "session" UUID,
    "replica" UUID,
    "joined_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "connected_at" TIMESTAMPTZ(3),
    "changed_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "sequence" BIGINT NOT NULL,

    CONSTRAINT "workloads_pkey" PRIMARY KEY ("namespace","name")
);

-- CreateTable
CREATE TABLE "agent_status" (
    "namespace" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "replica" UUID NOT NULL,
    "last_seen" TIMESTAMPTZ(3) NOT NULL,
    "served_hash" TEXT NOT NULL,
    "rss_bytes" BIGINT NOT NULL,
    "cpu_cores" DOUBLE PRECISION NOT NULL,
    "open_connections" INTEGER NOT NULL,
    "nack" TEXT,
    "certificate_not_after" TIMESTAMPTZ(3),

    CONSTRAINT "agent_status_pkey" PRIMARY KEY ("namespace","name")
);

-- CreateTable
CREATE TABLE "api_replicas" (
    "id" UUID NOT NULL,
    "started_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "last_seen" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "api_replicas_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "agent_dumps" (
    "request_id" UUID NOT NULL,
    "json" BYTEA NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "agent_dumps_pkey" PRIMARY KEY ("request_id")
);

-- CreateTable
CREATE TABLE "address_leases" (
    "kind" "AddressKind" NOT NULL,
    "slot" INTEGER NOT NULL,
    "owner" TEXT NOT NULL,
    "released_at" TIMESTAMPTZ(3),

    CONSTRAINT "address_leases_pkey" PRIMARY KEY ("kind","slot")
);

-- CreateTable
CREATE TABLE "certificate_authorities" (
    "id" SERIAL NOT NULL,
    "trust_domain" TEXT NOT NULL,
    "role" "AuthorityRole" NOT NULL,
    "serial" TEXT NOT NULL,
    "certificate_pem" TEXT NOT NULL,
    "sealed_key" TEXT NOT NULL,
    "not_before" TIMESTAMPTZ(3) NOT NULL,
    "not_after" TIMESTAMPTZ(3) NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "certificate_authorities_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "issued_certificates" (
    "serial" TEXT NOT NULL,
    "issuer_serial" TEXT NOT NULL,
    "spiffe_id" TEXT NOT NULL,
    "workload" TEXT,
    "not_before" TIMESTAMPTZ(3) NOT NULL,
    "not_after" TIMESTAMPTZ(3) NOT NULL,
    "issued_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "issued_certificates_pkey" PRIMARY KEY ("serial")
);

-- CreateTable
CREATE TABLE "join_tokens" (
    "id" TEXT NOT NULL,
    "secret_hash" BYTEA NOT NULL,
    "spiffe_id" TEXT NOT NULL,
    "namespace" TEXT NOT NULL,
    "service" TEXT NOT NULL,
    "service_account" TEXT NOT NULL,
    "uses_left" INTEGER NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "created_by" TEXT NOT NULL,
    "used_at" TIMESTAMPTZ(3),
    "revoked_at" TIMESTAMPTZ(3),

    CONSTRAINT "join_tokens_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "denials" (
    "kind" "DenialKind" NOT NULL,
    "value" TEXT NOT NULL,
    "reason" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "created_by" TEXT NOT NULL,

    CONSTRAINT "denials_pkey" PRIMARY KEY ("kind","value")
);

-- CreateIndex
CREATE INDEX "workloads_sequence_idx" ON "workloads"("sequence");

-- CreateIndex
CREATE INDEX "workloads_state_changed_at_idx" ON "workloads"("state", "changed_at");

-- CreateIndex
CREATE UNIQUE INDEX "address_leases_kind_owner_key" ON "address_leases"("kind", "owner");

-- CreateIndex
CREATE UNIQUE INDEX "certificate_authorities_serial_key" ON "certificate_authorities"("serial");

-- CreateIndex
CREATE INDEX "certificate_authorities_trust_domain_role_idx" ON "certificate_authorities"("trust_domain", "role");

-- CreateIndex
CREATE INDEX "issued_certificates_workload_not_after_idx" ON "issued_certificates"("workload", "not_after");

-- CreateIndex
CREATE INDEX "issued_certificates_spiffe_id_idx" ON "issued_certificates"("spiffe_id");

-- CreateIndex
CREATE INDEX "issued_certificates_not_after_idx" ON "issued_certificates"("not_after");

-- CreateIndex
CREATE INDEX "join_tokens_expires_at_idx" ON "join_tokens"("expires_at");


-- The one row that every change of the registry locks.
ALTER TABLE "registry_state" ADD CONSTRAINT "registry_state_one_row" CHECK ("id" = 1);
INSERT INTO "registry_state" ("id", "sequence") VALUES (1, 0);
