// Rules of flags: checked when they are read, so that a decision cannot fail.

import { createHash } from "node:crypto";

/** Flags by name. Throws an error that names the flag and the rule. */
export function parseFlags(document) {
  return new Map(
    Object.entries(document).map(([name, { rules = [], otherwise = false }]) => {
      rules.forEach(({ when = {}, share, value }, index) => {
        const where = `flag \`${name}\`, rule ${index + 1}`;
        if (value === undefined) throw new Error(`${where}: \`value\` is missing`);
        if (share !== undefined && !(share >= 0 && share <= 100)) {
          throw new Error(`${where}: \`share\` must be between 0 and 100`);
        }
        for (const [key, allowed] of Object.entries(when)) {
          if (!Array.isArray(allowed)) throw new Error(`${where}: \`when.${key}\` must be a list`);
        }
      });
      return [name, { rules, otherwise }];
    }),
  );
}

/** The value for a person, and which rule gave it. */
export function decide(flag, name, person, fallback) {
  if (!flag) return { value: fallback, rule: "unknown flag" };
  const index = flag.rules.findIndex((rule) => fits(rule, name, person));
  if (index < 0) return { value: flag.otherwise, rule: "otherwise" };
  return { value: flag.rules[index].value, rule: index + 1 };
}

function fits({ when = {}, share }, name, person) {
  const matches = Object.entries(when).every(([key, allowed]) => allowed.includes(person[key]));
  return matches && (share === undefined || shareOf(name, person.user) < share);
}

/** A number from 0 to below 100 that belongs to this person and flag. */
export function shareOf(name, user) {
  const hash = createHash("sha256").update(`${name}\0${user ?? ""}`).digest();
  return (hash.readUInt32BE(0) / 2 ** 32) * 100;
}
