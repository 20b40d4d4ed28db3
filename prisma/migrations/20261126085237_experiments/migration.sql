-- CreateEnum
CREATE TYPE "ExperimentVerdict" AS ENUM ('held', 'violated', 'inconclusive');

-- CreateTable
CREATE TABLE "experiments" (
    "id" UUID NOT NULL,
    "fault" TEXT NOT NULL,
    "started_at" TIMESTAMPTZ(3) NOT NULL,
    "started_by" TEXT NOT NULL,
    "resource" JSON NOT NULL,
    "ended_at" TIMESTAMPTZ(3),
    "ended_by" TEXT NOT NULL DEFAULT '',
    "end_reason" TEXT NOT NULL DEFAULT '',
    "verdict" "ExperimentVerdict",
    "verdict_reason" TEXT NOT NULL DEFAULT '',
    "report" JSON NOT NULL,

    CONSTRAINT "experiments_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "experiments_started_at_idx" ON "experiments"("started_at" DESC);

-- CreateIndex
CREATE UNIQUE INDEX "experiments_fault_started_at_key" ON "experiments"("fault", "started_at");

