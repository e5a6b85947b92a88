import assert from "node:assert/strict";
import { test } from "node:test";

import { migrate, readMigrations } from "../src/migrate.mjs";
import { createStore } from "../src/store.mjs";

// Records what would be sent to the server; answers from a list of prepared rows.
function recordingClient(applied = []) {
  const sent = [];
  return {
    sent,
    async query(sql, values = []) {
      sent.push([sql, values]);
      if (sql.startsWith("select name, checksum")) return { rows: applied };
      return { rows: [], rowCount: 0 };
    },
  };
}

const statements = (client) => client.sent.map(([sql]) => sql);

test("missing migrations are applied in order, inside one locked transaction", async () => {
  const migrations = await readMigrations();
  const client = recordingClient([migrations[0]]);
  assert.deepEqual(await migrate(client, migrations), migrations.slice(1).map(({ name }) => name));
  assert.equal(statements(client)[0], "begin");
  assert.match(statements(client)[1], /pg_advisory_xact_lock/);
  assert.equal(statements(client).at(-1), "commit");
  assert.ok(!statements(client).includes(migrations[0].sql));
});

test("a migration that was changed later stops the start and rolls back", async () => {
  const migrations = await readMigrations();
  const client = recordingClient([{ name: migrations[0].name, checksum: "other" }]);
  await assert.rejects(migrate(client, migrations), /differs from the one that was applied/);
  assert.equal(statements(client).at(-1), "rollback");
});

test("values never become part of the SQL", async () => {
  const client = recordingClient();
  const store = createStore(client);
  const nasty = "x'); drop table relay_messages; --";
  await store.messages.save({ id: nasty, from: nasty, to: nasty, text: nasty });
  await store.sessions.save({ id: nasty, agent: nasty });
  await store.summaries.add(nasty, nasty);
  for (const [sql, values] of client.sent) {
    assert.ok(!sql.includes("drop table"), sql);
    assert.ok(values.includes(nasty));
  }
});

test("pages are bounded", async () => {
  const client = recordingClient();
  await createStore(client).messages.listThread("t", 1_000_000);
  assert.deepEqual(client.sent[0][1], ["t", 500]);
});
