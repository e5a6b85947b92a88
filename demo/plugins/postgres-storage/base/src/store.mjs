// What the host stores and reads. Every value goes to the server as a parameter, never as SQL.

const MAX_PAGE = 500;

export function createStore(db) {
  const all = async (sql, values) => (await db.query(sql, values)).rows;
  const one = async (sql, values) => (await all(sql, values))[0] ?? null;

  return {
    messages: {
      /** Store a message. The same id twice is the same message: the second call does nothing. */
      async save({ id, thread = null, from, to, text, metadata = {} }) {
        await db.query(
          `insert into relay_messages (id, thread, sender, recipient, body, metadata)
           values ($1, $2, $3, $4, $5, $6) on conflict (id) do nothing`,
          [id, thread, from, to, text, JSON.stringify(metadata)],
        );
      },
      find: (id) => one("select * from relay_messages where id = $1", [id]),
      /** The newest messages of a thread, oldest first. */
      listThread: async (thread, limit = 100) =>
        (
          await all(
            "select * from relay_messages where thread = $1 order by created_at desc, id desc limit $2",
            [thread, Math.min(limit, MAX_PAGE)],
          )
        ).reverse(),
      async removeBefore(date) {
        const { rowCount } = await db.query("delete from relay_messages where created_at < $1", [date]);
        return rowCount;
      },
    },

    sessions: {
      async save({ id, agent, state = {} }) {
        await db.query(
          `insert into relay_sessions (id, agent, state) values ($1, $2, $3)
           on conflict (id) do update set state = excluded.state`,
          [id, agent, JSON.stringify(state)],
        );
      },
      find: (id) => one("select * from relay_sessions where id = $1", [id]),
      async end(id) {
        await db.query("update relay_sessions set ended_at = now() where id = $1 and ended_at is null", [id]);
      },
    },

    summaries: {
      /** Add a summary after those that the session has. */
      async add(sessionId, text) {
        await db.query(
          `insert into relay_summaries (session_id, position, body)
           select $1, coalesce(max(position), 0) + 1, $2 from relay_summaries where session_id = $1`,
          [sessionId, text],
        );
      },
      list: (sessionId) =>
        all("select position, body, created_at from relay_summaries where session_id = $1 order by position", [
          sessionId,
        ]),
    },
  };
}
