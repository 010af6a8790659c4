// Opens a code as AWS's example of a custom sender does. Arguments: the key's ARN, the code.
import { buildClient, CommitmentPolicy, KmsKeyringNode } from "@aws-crypto/client-node";

const [key, code] = process.argv.slice(2);
const { decrypt } = buildClient(CommitmentPolicy.REQUIRE_ENCRYPT_ALLOW_DECRYPT);
const { plaintext, messageHeader } = await decrypt(new KmsKeyringNode({ generatorKeyId: key, keyIds: [key] }), Buffer.from(code, "base64"));
console.log(JSON.stringify({ code: plaintext.toString(), pool: messageHeader.encryptionContext["userpool-id"] }));
