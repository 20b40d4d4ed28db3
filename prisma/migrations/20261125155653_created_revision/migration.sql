-- The age of a resource: the revision of its last creation.
ALTER TABLE "resources" ADD COLUMN "created_revision" INTEGER;

UPDATE "resources" SET "created_revision" = (
    SELECT max("revision") FROM "revision_objects"
    WHERE "revision_objects"."key" = "resources"."key" AND "op" = 'create'
);

ALTER TABLE "resources" ALTER COLUMN "created_revision" SET NOT NULL;
