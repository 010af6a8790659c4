// Signs up and in with everything that aws-amplify knows of factors; prints the steps that it was led through.
// Arguments: endpoint, pool, client, password, e-mail address; a pool that wants a second factor, its client and user.
import { Amplify } from "aws-amplify";
import * as auth from "aws-amplify/auth";
import { codeFor, totp } from "./totp.mjs";

const [userPoolEndpoint, userPoolId, userPoolClientId, password, email, strictPool, strictClient, strictUser] = process.argv.slice(2);
const use = (userPoolId, userPoolClientId) =>
  Amplify.configure({ Auth: { Cognito: { userPoolId, userPoolClientId, userPoolEndpoint } } });
const steps = [];
const noted = ({ nextStep }) => (steps.push(nextStep.signInStep ?? nextStep.signUpStep), nextStep);
const answered = async (challengeResponse) => noted(await auth.confirmSignIn({ challengeResponse }));
const mailed = () => codeFor(userPoolEndpoint, email);

use(userPoolId, userPoolClientId);
const username = "jane";
noted(await auth.signUp({ username, password, options: { userAttributes: { email }, autoSignIn: true } }));
noted(await auth.confirmSignUp({ username, confirmationCode: await mailed() }));
noted(await auth.autoSignIn());
const { sharedSecret } = await auth.setUpTOTP();
await auth.verifyTOTPSetup({ code: totp(sharedSecret, -1) });
await auth.updateMFAPreference({ totp: "ENABLED", email: "ENABLED" });
await auth.signOut();
noted(await auth.signIn({ username, password }));
await answered("TOTP");
await answered(totp(sharedSecret));
await auth.updateMFAPreference({ totp: "DISABLED", email: "DISABLED" });
await auth.signOut();
noted(await auth.signIn({ username, options: { authFlowType: "USER_AUTH" } }));
await answered("EMAIL_OTP");
await answered(await mailed());
await auth.deleteUser();

use(strictPool, strictClient);
noted(await auth.signIn({ username: strictUser, password }));
await answered("EMAIL");
await answered(email);
await answered(await mailed());
console.log(JSON.stringify(steps));
process.exit(0);
