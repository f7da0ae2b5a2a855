// Which hosts are this machine itself, wherever it is asked.
import t from "tap";
import { isLoopback } from "../../config/loopback.js";
import { isAllowedHost } from "../../daemon/http/allowed-hosts.js";

const OWN = ["localhost", "127.0.0.1", "127.255.255.254", "::1", "0:0:0:0:0:0:0:1"];
const OTHERS = ["128.0.0.1", "0.0.0.0", "::", "::2", "localhost.example", "127.0.0.1.example", "127.1", ""];

void t.test("loopback: the listener and the pages agree on what is this machine", (t) => {
  for (const host of OWN) t.ok(isLoopback(host) && isAllowedHost(host.includes(":") ? `[${host}]:9464` : `${host}:9464`, []), host);
  for (const host of OTHERS) t.notOk(isLoopback(host), host);
  for (const host of OTHERS) t.notOk(isAllowedHost(host.includes(":") ? `[${host}]` : host, []), host);
  t.end();
});
