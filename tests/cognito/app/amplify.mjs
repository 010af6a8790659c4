// Signs in by SRP, fetches the session and the user's attributes, and signs out with aws-amplify's auth.
// Arguments: endpoint, pool, client, user, password.
import { Amplify } from "aws-amplify";
import { fetchAuthSession, fetchUserAttributes, getCurrentUser, signIn, signOut } from "aws-amplify/auth";

const [userPoolEndpoint, userPoolId, userPoolClientId, username, password] = process.argv.slice(2);
Amplify.configure({ Auth: { Cognito: { userPoolId, userPoolClientId, userPoolEndpoint } } });

const refused = await signIn({ username, password: "Wr0ng-password" }).catch((error) => error.name);
const { nextStep } = await signIn({ username, password });
const session = await fetchAuthSession({ forceRefresh: true });
const attributes = await fetchUserAttributes();
const current = await getCurrentUser();
await signOut({ global: true });
console.log(JSON.stringify({
  refused,
  step: nextStep.signInStep,
  username: current.username,
  email: attributes.email,
  token: session.tokens.accessToken.payload.token_use,
}));
process.exit(0);
