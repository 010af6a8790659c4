// What the programs here have beside the clients under test: an authenticator app, and the mail that the cloud has sent.
import crypto from "node:crypto";

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

export function totp(secret, steps = 0) {
  const bits = [...secret.replace(/=+$/, "")].map((letter) => LETTERS.indexOf(letter).toString(2).padStart(5, "0")).join("");
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30000) + steps));
  const digest = crypto.createHmac("sha1", key).update(counter).digest();
  return String((digest.readUInt32BE(digest[19] & 15) & 0x7fffffff) % 1e6).padStart(6, "0");
}

export async function codeFor(endpoint, to) {
  const mail = await (await fetch(`${endpoint}/_kogumo/mail`)).json();
  return mail.findLast((message) => message.to === to).text.match(/\d{6}/)[0];
}
