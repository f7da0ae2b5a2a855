// A recorder for node-record-lpcm16: arecord, which dies with the daemon even when that is killed with SIGKILL.
// CommonJS, because node-record-lpcm16 loads recorders with require.

interface RecorderOptions {
  readonly device?: string;
  readonly sampleRate: number;
  readonly channels: number;
  readonly audioType: string;
}

interface Recorder {
  readonly cmd: string;
  readonly args: readonly string[];
  readonly spawnOptions: { readonly env: NodeJS.ProcessEnv; readonly detached: true };
}

function boundArecord(options: RecorderOptions): Recorder {
  const device = options.device === undefined ? [] : ["-D", options.device];
  const format = ["-r", String(options.sampleRate), "-c", String(options.channels), "-t", options.audioType, "-f", "S16_LE", "-v"];
  return {
    cmd: "setpriv",
    args: ["--pdeathsig", "KILL", "--", "arecord", ...device, ...format, "-"],
    // -v says how ALSA makes of the device what is asked for; -q would hide that it has another rate. All of it would be in
    // the user's language. A group of its own: Ctrl-C is the daemon's to handle.
    spawnOptions: { env: { ...process.env, LC_ALL: "C" }, detached: true },
  };
}

module.exports = boundArecord;
