/**
 * Passkeys: the JSON forms of WebAuthn level 3 (section 5.1.8 and following) to and from what browsers take.
 * Written out, because tablets of a few years ago know the ceremony but not the JSON helpers.
 */

export type OptionsJson = Readonly<Record<string, unknown>>;
export type CredentialJson = Readonly<Record<string, unknown>>;

/** The person closed the dialog, or no key answered. */
export class NoPasskey extends Error {
  constructor() {
    super("no passkey");
    this.name = "NoPasskey";
  }
}

export function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  const plain = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(plain, (sign) => sign.charCodeAt(0));
}

export function textOf(bytes: ArrayBuffer): string {
  const plain = Array.from(new Uint8Array(bytes), (byte) => String.fromCharCode(byte)).join("");
  return btoa(plain).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

interface Described {
  id: string;
  type: "public-key";
  transports?: AuthenticatorTransport[];
}

function described(list: unknown): PublicKeyCredentialDescriptor[] {
  return ((list as Described[] | undefined) ?? []).map((one) => ({ ...one, id: bytesOf(one.id) }));
}

/** Ask a passkey to sign: to come in, to step up, or to approve. */
export async function assertion(json: OptionsJson): Promise<CredentialJson> {
  const publicKey = {
    ...json,
    challenge: bytesOf(json["challenge"] as string),
    allowCredentials: described(json["allowCredentials"]),
  } as PublicKeyCredentialRequestOptions;
  const made = await asked(() => navigator.credentials.get({ publicKey }));
  const response = made.response as AuthenticatorAssertionResponse;
  return {
    ...common(made),
    response: {
      authenticatorData: textOf(response.authenticatorData),
      clientDataJSON: textOf(response.clientDataJSON),
      signature: textOf(response.signature),
      ...(response.userHandle ? { userHandle: textOf(response.userHandle) } : {}),
    },
  };
}

/** Make a new passkey for whom the options name. */
export async function enrolment(json: OptionsJson): Promise<CredentialJson> {
  const user = json["user"] as { id: string };
  const publicKey = {
    ...json,
    challenge: bytesOf(json["challenge"] as string),
    user: { ...user, id: bytesOf(user.id) },
    excludeCredentials: described(json["excludeCredentials"]),
  } as unknown as PublicKeyCredentialCreationOptions;
  const made = await asked(() => navigator.credentials.create({ publicKey }));
  const response = made.response as AuthenticatorAttestationResponse;
  return {
    ...common(made),
    response: {
      attestationObject: textOf(response.attestationObject),
      clientDataJSON: textOf(response.clientDataJSON),
      transports: response.getTransports(),
    },
  };
}

function common(made: PublicKeyCredential): CredentialJson {
  return {
    id: made.id,
    rawId: textOf(made.rawId),
    type: made.type,
    clientExtensionResults: made.getClientExtensionResults(),
    ...(made.authenticatorAttachment ? { authenticatorAttachment: made.authenticatorAttachment } : {}),
  };
}

async function asked(ceremony: () => Promise<Credential | null>): Promise<PublicKeyCredential> {
  let made: Credential | null = null;
  try {
    made = await ceremony();
  } catch (failure) {
    // A wrong origin or an unknown option is a fault of ours and must not look like a closed dialog.
    if (!(failure instanceof DOMException) || failure.name === "SecurityError") throw failure;
  }
  if (!(made instanceof PublicKeyCredential)) throw new NoPasskey();
  return made;
}
