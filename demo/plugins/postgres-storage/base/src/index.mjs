// The plugin itself: opens the pool, migrates, and gives the host its storage.

import { migrate, readMigrations } from "./migrate.mjs";
import { createStore } from "./store.mjs";

let pool = null;

export async function onLoad({ config, logger }) {
  const { default: pg } = await import("pg");
  pool = new pg.Pool({
    connectionString: config.DATABASE_URL,
    max: config.poolSize ?? 10,
    connectionTimeoutMillis: 5_000,
    statement_timeout: 15_000,
    application_name: "agent-relay",
  });
  // Without a listener an idle connection that breaks would end the host.
  pool.on("error", (error) => logger.warn("postgres_idle_connection_lost", { error: error.message }));
  const client = await pool.connect();
  try {
    const fresh = await migrate(client, await readMigrations());
    if (fresh.length) logger.info("postgres_migrated", { applied: fresh });
  } finally {
    client.release();
  }
  return createStore(pool);
}

export async function onUnload() {
  await pool?.end();
  pool = null;
}

export async function health() {
  try {
    await pool.query("select 1");
    return { status: "ok", connections: pool.totalCount, waiting: pool.waitingCount };
  } catch (error) {
    return { status: "down", detail: error.message };
  }
}
