// Signs up, confirms, signs in by SRP and out again with amazon-cognito-identity-js.
// Arguments: endpoint, pool, client, user, password, e-mail address.
import { AuthenticationDetails, CognitoUser, CognitoUserAttribute, CognitoUserPool } from "amazon-cognito-identity-js";

const [endpoint, UserPoolId, ClientId, Username, Password, email] = process.argv.slice(2);
const kept = new Map();
const Storage = {
  setItem: (key, value) => kept.set(key, value),
  getItem: (key) => kept.get(key) ?? null,
  removeItem: (key) => kept.delete(key),
  clear: () => kept.clear(),
};
const pool = new CognitoUserPool({ UserPoolId, ClientId, endpoint, Storage });
const user = new CognitoUser({ Username, Pool: pool, Storage });
const told = (start) => new Promise((resolve, reject) => start((error, answer) => (error ? reject(error) : resolve(answer))));
const signIn = (password) =>
  new Promise((onSuccess, onFailure) =>
    user.authenticateUser(new AuthenticationDetails({ Username, Password: password }), { onSuccess, onFailure }),
  );

await told((done) => pool.signUp(Username, Password, [new CognitoUserAttribute({ Name: "email", Value: email })], [], done));
const mail = await (await fetch(`${endpoint}/_kogumo/mail`)).json();
const code = mail.findLast((message) => message.to === email).text.match(/\d{6}/)[0];
await told((done) => user.confirmRegistration(code, false, done));
const refused = await signIn("Wr0ng-password").catch((error) => error.code);
const session = await signIn(Password);
const attributes = await told((done) => user.getUserAttributes(done));
const fresh = await told((done) => user.refreshSession(session.getRefreshToken(), done));
await told((done) => user.changePassword(Password, Password + "2", done));
await new Promise((onSuccess, onFailure) => user.globalSignOut({ onSuccess, onFailure }));
console.log(JSON.stringify({
  refused,
  username: session.getIdToken().payload["cognito:username"],
  email: attributes.find((attribute) => attribute.getName() === "email").getValue(),
  refreshed: fresh.getAccessToken().payload.sub === session.getAccessToken().payload.sub,
}));
