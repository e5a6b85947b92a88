// Roles are flattened once, when the plugin loads; a decision is a walk over one short list.

let members = null;
let flat = new Map();
let defaultRole;

export async function onLoad({ config }) {
  flat = flattenRoles(config.roles);
  members = new Map(Object.entries(config.members));
  defaultRole = config.defaultRole;
  for (const role of [...new Set([...members.values()].flat()), ...(defaultRole ? [defaultRole] : [])]) {
    if (!flat.has(role)) throw new Error(`the role \`${role}\` is used but not defined`);
  }
}

export async function onUnload() {
  members = null;
}

export async function health() {
  return { status: members ? "ok" : "down" };
}

/** May `actor` use `permission`? Answers with the rule that decided. */
export function decide({ actor, permission }) {
  const rules = rulesOf(actor);
  const denied = rules.find(({ deny, pattern }) => deny && covers(pattern, permission));
  if (denied) return { allowed: false, reason: describe("denied", denied) };
  const allowed = rules.find(({ deny, pattern }) => !deny && covers(pattern, permission));
  if (allowed) return { allowed: true, reason: describe("allowed", allowed) };
  return { allowed: false, reason: `no role of \`${actor}\` allows \`${permission}\`` };
}

/** All rules that bear on a permission, for people who ask why. */
export function explain({ actor, permission }) {
  return rulesOf(actor).filter(({ pattern }) => covers(pattern, permission));
}

function rulesOf(actor) {
  const roles = members.get(actor) ?? (defaultRole ? [defaultRole] : []);
  return roles.flatMap((role) => flat.get(role));
}

function describe(verb, { pattern, role }) {
  return `${verb} by \`${pattern}\` of role \`${role}\``;
}

/** Each role with its own rules and those of all it extends. Throws on cycles and unknown roles. */
export function flattenRoles(roles) {
  const done = new Map();
  const visit = (name, path) => {
    if (path.includes(name)) throw new Error(`roles extend each other: ${[...path, name].join(" -> ")}`);
    if (done.has(name)) return done.get(name);
    const role = roles[name];
    if (!role) throw new Error(`the role \`${name}\` is used but not defined`);
    const own = [
      ...(role.deny ?? []).map((pattern) => ({ role: name, pattern, deny: true })),
      ...(role.allow ?? []).map((pattern) => ({ role: name, pattern, deny: false })),
    ];
    const inherited = (role.extends ?? []).flatMap((parent) => visit(parent, [...path, name]));
    done.set(name, [...own, ...inherited]);
    return done.get(name);
  };
  for (const name of Object.keys(roles)) visit(name, []);
  return done;
}

/** Whether a pattern covers a permission, part by part. */
export function covers(pattern, permission) {
  const wanted = permission.split(":");
  const parts = pattern.split(":");
  return (
    parts.length <= wanted.length &&
    parts.every((part, index) =>
      part.endsWith("*") ? wanted[index].startsWith(part.slice(0, -1)) : part === wanted[index],
    )
  );
}
