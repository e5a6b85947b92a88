// Reads the tool call from standard input. Exit code 2 refuses it and shows the reason.

const MAX_SUBJECT = 72;
const EMPTY_WORDS = /^(?:fix|fixes|wip|update|updates|changes|misc|stuff)$/i;

let input = "";
for await (const chunk of process.stdin) input += chunk;

const command = JSON.parse(input).tool_input?.command ?? "";
const message = /\bgit\s+commit\b[^;&|]*?\s(?:-m|--message)[= ]?(["'])([\s\S]*?)\1/.exec(command)?.[2];
const fault = message === undefined ? null : findFault(message.split("\n")[0].trim());

if (fault) {
  console.error(`The commit's subject ${fault}. Word it anew.`);
  process.exitCode = 2;
}

function findFault(subject) {
  if (subject.length > MAX_SUBJECT) return `has ${subject.length} characters, at most ${MAX_SUBJECT}`;
  if (subject.endsWith(".")) return "ends in a full stop";
  if (EMPTY_WORDS.test(subject)) return `says nothing: \`${subject}\``;
  return null;
}
