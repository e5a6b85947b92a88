// Discord's gateway: hello, identify, heartbeat, dispatch, resume.

const GATEWAY = "wss://gateway.discord.gg/?v=10&encoding=json";
const OP = { DISPATCH: 0, HEARTBEAT: 1, IDENTIFY: 2, RESUME: 6, RECONNECT: 7, INVALID: 9, HELLO: 10, ACK: 11 };
// Guild messages and their content.
const INTENTS = (1 << 9) | (1 << 15);
// Authentication failed, sharding, intents: trying again cannot help.
const FINAL_CODES = new Set([4004, 4010, 4011, 4012, 4013, 4014]);

export class Gateway {
  #socket = null;
  #heart = null;
  #timer = null;
  #sequence = null;
  #session = null;
  #resumeUrl = null;
  #acknowledged = true;
  #failures = 0;
  state = "closed";

  constructor({ token, onMessage, logger, WebSocket, random = Math.random }) {
    Object.assign(this, { token, onMessage, logger, WebSocket, random });
  }

  open() {
    this.state = "connecting";
    const socket = new this.WebSocket(this.#resumeUrl ?? GATEWAY);
    this.#socket = socket;
    socket.addEventListener("message", ({ data }) => this.#receive(JSON.parse(data)));
    socket.addEventListener("close", ({ code }) => this.#closed(socket, code));
    socket.addEventListener("error", () => this.logger.warn("discord_socket_error"));
  }

  stop() {
    this.state = "stopped";
    clearInterval(this.#heart);
    clearTimeout(this.#timer);
    this.#socket?.close(1000);
  }

  #receive({ op, d, s, t }) {
    if (s !== null && s !== undefined) this.#sequence = s;
    if (op === OP.HELLO) return this.#greet(d.heartbeat_interval);
    if (op === OP.ACK) this.#acknowledged = true;
    if (op === OP.HEARTBEAT) this.#beat();
    if (op === OP.RECONNECT) this.#socket.close(4000);
    if (op === OP.INVALID) {
      if (!d) this.#forgetSession();
      this.#socket.close(4000);
    }
    if (op === OP.DISPATCH) this.#dispatch(t, d);
  }

  #greet(intervalMs) {
    clearInterval(this.#heart);
    this.#acknowledged = true;
    this.#heart = setInterval(() => this.#pulse(), intervalMs * (0.9 + this.random() / 10));
    if (this.#session) {
      this.#send(OP.RESUME, { token: this.token, session_id: this.#session, seq: this.#sequence });
    } else {
      const properties = { os: "linux", browser: "agent-relay", device: "agent-relay" };
      this.#send(OP.IDENTIFY, { token: this.token, intents: INTENTS, properties });
    }
  }

  #pulse() {
    // No answer to the last beat: the connection is dead although it looks open.
    if (!this.#acknowledged) return this.#socket.close(4000);
    this.#acknowledged = false;
    this.#beat();
  }

  #beat() {
    this.#send(OP.HEARTBEAT, this.#sequence);
  }

  #dispatch(type, data) {
    if (type === "READY" || type === "RESUMED") {
      this.state = "ready";
      this.#failures = 0;
    }
    if (type === "READY") {
      this.#session = data.session_id;
      this.#resumeUrl = `${data.resume_gateway_url}/?v=10&encoding=json`;
      this.user = data.user;
    }
    if (type === "MESSAGE_CREATE") this.onMessage(data);
  }

  #closed(socket, code) {
    if (socket !== this.#socket) return;
    clearInterval(this.#heart);
    if (this.state === "stopped") return;
    if (FINAL_CODES.has(code)) {
      this.state = "refused";
      this.logger.error("discord_refused", { code });
      return;
    }
    // 4007 and 4009: the session cannot be resumed.
    if (code === 4007 || code === 4009) this.#forgetSession();
    this.state = "connecting";
    this.#failures += 1;
    const delay = Math.min(2 ** this.#failures * 500, 60_000) * (0.75 + this.random() / 2);
    this.#timer = setTimeout(() => this.open(), delay);
  }

  #forgetSession() {
    this.#session = null;
    this.#resumeUrl = null;
    this.#sequence = null;
  }

  #send(op, d) {
    this.#socket.send(JSON.stringify({ op, d }));
  }
}
