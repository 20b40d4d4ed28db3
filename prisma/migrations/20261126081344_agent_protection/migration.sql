-- AlterTable
ALTER TABLE "agent_status" ADD COLUMN     "protection" JSONB;

