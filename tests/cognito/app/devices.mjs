// A device that is remembered, proves itself instead of a second factor, and is forgotten, with amazon-cognito-identity-js.
// Arguments: endpoint, pool, client, user, password.
import { AuthenticationDetails, CognitoUser, CognitoUserPool } from "amazon-cognito-identity-js";
import { totp } from "./totp.mjs";

const [endpoint, UserPoolId, ClientId, Username, Password] = process.argv.slice(2);
const kept = new Map();
const Storage = {
  setItem: (key, value) => kept.set(key, value),
  getItem: (key) => kept.get(key) ?? null,
  removeItem: (key) => kept.delete(key),
  clear: () => kept.clear(),
};
const user = new CognitoUser({ Username, Pool: new CognitoUserPool({ UserPoolId, ClientId, endpoint, Storage }), Storage });
const done = (start) => new Promise((onSuccess, onFailure) => start({ onSuccess, onFailure }));
const signIn = () =>
  new Promise((resolve, onFailure) =>
    user.authenticateUser(new AuthenticationDetails({ Username, Password }), {
      onSuccess: () => resolve("in"), totpRequired: () => resolve("asked"), onFailure,
    }),
  );
const told = [await signIn()];
await done((then) => user.setDeviceStatusRemembered(then));
const secret = await new Promise((associateSecretCode, onFailure) => user.associateSoftwareToken({ associateSecretCode, onFailure }));
await done((then) => user.verifySoftwareToken(totp(secret, -1), "phone", then));
await new Promise((resolve, reject) =>
  user.setUserMfaPreference(null, { PreferredMfa: true, Enabled: true }, (error) => (error ? reject(error) : resolve())),
);
told.push(await signIn());
// An administrator forgets the device; the client still takes itself for it.
const key = [...kept.keys()].find((name) => name.endsWith("deviceKey"));
const device = kept.get(key);
await done((then) => user.forgetSpecificDevice(device, then));
kept.set(key, device);
told.push(await signIn());
await done((then) => user.sendMFACode(totp(secret), then, "SOFTWARE_TOKEN_MFA"));
told.push(kept.get(key) === device ? "the old key" : "a new key");
console.log(JSON.stringify(told));
process.exit(0);
