// Queries whose bigint columns come back as numbers: counts stay far below 2^53.
import pg from 'pg';

const INT8 = 20;
const INT8_ARRAY = 1016;

const TYPES = {
  getTypeParser(oid: number, format?: 'text' | 'binary') {
    if (oid === INT8) return Number;
    if (oid === INT8_ARRAY) return parseArray;
    return pg.types.getTypeParser(oid, format ?? 'text');
  },
};

export async function queryNumbers<Row extends pg.QueryResultRow>(
  db: pg.Pool | pg.PoolClient,
  text: string,
  values: readonly unknown[] = [],
): Promise<Row[]> {
  const { rows } = await db.query<Row>({ text, values: [...values], types: TYPES });
  return rows;
}

/** `{1,2,3}`; none of our arrays holds NULL. */
function parseArray(text: string): number[] {
  const inner = text.slice(1, -1);
  return inner === '' ? [] : inner.split(',').map(Number);
}
