/** Whose images the servers of tests take. */
import { createPublicKey } from "node:crypto";
import { key } from "../firmware/scene.ts";

export const trusted = createPublicKey(key);
