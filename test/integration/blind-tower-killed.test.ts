import t from "tap";
import { withoutOpenCv } from "../encoders/support.js";
import { natsServerMissing } from "../support/nats-server.js";
import { staysSilentWhileBlind } from "./blind-tower.js";

void t.test("blind: a picture tower that is killed each time it starts proves no absence", { skip: withoutOpenCv() || natsServerMissing() }, (t) => staysSilentWhileBlind(t, "SIGKILL"));
