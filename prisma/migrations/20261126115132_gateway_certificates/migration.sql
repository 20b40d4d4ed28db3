-- CreateTable
CREATE TABLE "gateway_certificates" (
    "namespace" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "chain_pem" TEXT NOT NULL,
    "sealed_key" TEXT NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_by" TEXT NOT NULL,

    CONSTRAINT "gateway_certificates_pkey" PRIMARY KEY ("namespace","name")
);

