// node src/verify.mjs FOLDER [--head HASH]: is the log whole and unchanged?

import { verifyLog } from "./log.mjs";

const [folder = "audit", flag, expected] = process.argv.slice(2);
const { fault, entries, files, head } = await verifyLog(folder);

if (fault) {
  console.error(`error: ${fault}`);
  process.exitCode = 1;
} else if (flag === "--head" && head !== expected) {
  console.error(`error: the head is ${head}, expected ${expected}: entries are missing or new`);
  process.exitCode = 1;
} else {
  console.log(`ok: ${entries} entries in ${files.length} files, head ${head}`);
}
