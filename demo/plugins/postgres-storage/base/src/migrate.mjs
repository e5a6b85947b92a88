// Migrations: numbered SQL files, each applied once, in one transaction, by one process at a time.

import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

const FOLDER = fileURLToPath(new URL("../migrations/", import.meta.url));
// Any fixed number of our own: PostgreSQL's advisory locks are named by numbers.
const LOCK = 7_261_402;

export async function readMigrations(folder = FOLDER) {
  const names = (await readdir(folder)).filter((name) => /^\d{3}_\w+\.sql$/.test(name)).sort();
  return Promise.all(
    names.map(async (name) => {
      const sql = await readFile(`${folder}/${name}`, "utf8");
      return { name, sql, checksum: createHash("sha256").update(sql).digest("hex") };
    }),
  );
}

/** Apply what is missing. Throws if a migration was changed after it had been applied. */
export async function migrate(client, migrations) {
  await client.query("begin");
  try {
    await client.query("select pg_advisory_xact_lock($1)", [LOCK]);
    await client.query(
      "create table if not exists relay_migrations (name text primary key, checksum text not null, applied_at timestamptz not null default now())",
    );
    const { rows } = await client.query("select name, checksum from relay_migrations");
    const applied = new Map(rows.map((row) => [row.name, row.checksum]));
    const fresh = [];
    for (const { name, sql, checksum } of migrations) {
      if (!applied.has(name)) {
        await client.query(sql);
        await client.query("insert into relay_migrations (name, checksum) values ($1, $2)", [name, checksum]);
        fresh.push(name);
      } else if (applied.get(name) !== checksum) {
        throw new Error(`migration ${name} differs from the one that was applied`);
      }
    }
    await client.query("commit");
    return fresh;
  } catch (error) {
    await client.query("rollback");
    throw error;
  }
}
