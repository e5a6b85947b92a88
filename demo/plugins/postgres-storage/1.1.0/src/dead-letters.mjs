// Dead letters: kept, leased to one worker at a time, and settled.

export function createDeadLetters(db) {
  return {
    async add(message, reason) {
      await db.query("insert into relay_dead_letters (message_id, body, reason) values ($1, $2, $3)", [
        message.id,
        JSON.stringify(message),
        reason,
      ]);
    },
    /** Lease the oldest open letters. `skip locked` keeps workers from waiting for each other. */
    async take({ limit = 10, leaseSeconds = 60 } = {}) {
      const { rows } = await db.query(
        `update relay_dead_letters
            set leased_until = now() + make_interval(secs => $2), attempts = attempts + 1
          where id in (
            select id from relay_dead_letters
             where leased_until is null or leased_until < now()
             order by id limit $1 for update skip locked)
         returning id, message_id, body, reason, attempts`,
        [Math.min(limit, 500), leaseSeconds],
      );
      return rows;
    },
    async settle(id) {
      await db.query("delete from relay_dead_letters where id = $1", [id]);
    },
    async count() {
      const { rows } = await db.query("select count(*)::int as count from relay_dead_letters");
      return rows[0].count;
    },
  };
}
