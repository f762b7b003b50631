/** Staff, sessions, approver keys and audit, as the service speaks of them. */
import { call, query } from "./http.ts";
import { assertion, enrolment, type OptionsJson } from "./passkey.ts";

export type Role =
  | "clerk" | "approver" | "printer" | "operator" | "officer" | "department" | "auditor" | "dpo";

export interface Person {
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  readonly office: string;
  readonly services: readonly string[];
  readonly language: string;
}

export interface Session {
  readonly staff: Person;
  readonly signed_in_with: "passkey" | "password" | "oidc";
  readonly stepped_up_until: string | null;
  readonly approver_key: "active" | "waiting" | "none";
  readonly demo: boolean;
  readonly issuer: string;
  readonly public_url: string;
}

export interface Invitation {
  readonly staff: string;
  readonly name: string;
  readonly role: Role;
  readonly office: string;
  readonly founder: boolean;
  /** Whether a password may be chosen instead of a passkey. */
  readonly passwords: boolean;
  readonly expires: string;
}

interface Flow {
  readonly flow: string;
  readonly options: OptionsJson;
}

export const currentSession = () => call<Session>("GET", "/api/session");
/** What stands on the door; `oidc` begins at `OIDC_PATH`. */
export interface Ways {
  readonly passkey: boolean;
  readonly password: boolean;
  readonly oidc: boolean;
}
export const OIDC_PATH = "/api/session/oidc";
export const waysIn = () => call<Ways>("GET", "/api/session/ways");
export const signOut = () => call<void>("DELETE", "/api/session");

export async function signInByPasskey(): Promise<Session> {
  const { flow, options } = await call<Flow>("POST", "/api/session/passkey/options");
  return call<Session>("POST", "/api/session/passkey", { flow, credential: await assertion(options) });
}

export const signInByPassword = (staff: string, password: string, totp: string) =>
  call<Session>("POST", "/api/session/password", { staff, password, totp });

/** Prove once more that it is you; `code` asks for the code of the moment where there is no passkey. */
export async function stepUp(code: () => Promise<string>): Promise<void> {
  const { flow, options } = await call<{ flow: string; options: OptionsJson | null }>("POST", "/api/session/step-up/options");
  const proof = options ? { credential: await assertion(options) } : { totp: await code() };
  await call("POST", "/api/session/step-up", { flow, ...proof });
}

/** The code travels in the body: whatever passes a request on may write its address down. */
export const invitation = (code: string) => call<Invitation>("POST", "/api/invitations/look", { code });

export async function enrolPasskey(code: string, label: string): Promise<Session> {
  const { flow, options } = await call<Flow>("POST", "/api/invitations/passkey/options", { code });
  const credential = await enrolment(options);
  return call<Session>("POST", "/api/invitations/passkey", { code, flow, credential, label });
}

export interface TotpOffer {
  readonly flow: string;
  readonly totp_uri: string;
  readonly totp_svg: string;
}
export const choosePassword = (code: string, password: string) =>
  call<TotpOffer>("POST", "/api/invitations/password", { code, password });
export const confirmPassword = (code: string, flow: string, totp: string) =>
  call<Session>("POST", "/api/invitations/password/confirm", { code, flow, totp });

export interface StaffMember extends Person {
  readonly state: string;
  readonly signs_in_with: readonly string[];
  readonly invited: boolean;
}
export interface Invited {
  readonly code: string;
  readonly url: string;
  readonly expires: string;
}
export interface NewStaff {
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  readonly office: string;
  readonly services?: readonly string[];
}
const member = (id: string) => `/api/staff/${encodeURIComponent(id)}`;
export const staffList = () => call<{ staff: StaffMember[] }>("GET", "/api/staff");
export const addStaff = (staff: NewStaff) => call<StaffMember>("POST", "/api/staff", staff);
export const inviteStaff = (id: string) => call<Invited>("POST", `${member(id)}/invitation`);
export const lockStaff = (id: string, lock: boolean) => call<unknown>("POST", `${member(id)}/${lock ? "lock" : "unlock"}`);

export interface Office {
  readonly id: string;
  readonly name: string;
  readonly kind: string;
  readonly parent: string | null;
  readonly may: readonly Power[];
}
export type Power = "file" | "approve" | "print" | "police";
export const officeList = () => call<{ offices: Office[] }>("GET", "/api/offices");
export const putOffice = ({ id, ...rest }: Office) => call<Office>("PUT", `/api/offices/${encodeURIComponent(id)}`, rest);

export interface ApproverKey {
  readonly credential: string;
  readonly fingerprint: string;
  readonly staff: string;
  readonly name: string;
  readonly role: Role;
  readonly office: string;
  readonly label: string;
  readonly since: string;
  readonly services: readonly string[];
  /** What the staff roll says, where that is something else: the key counts. */
  readonly roll: { readonly role: Role | ""; readonly office: string; readonly services: readonly string[]; readonly state: string } | null;
}
export interface KeyRequest {
  readonly id: string;
  readonly kind: "add" | "remove";
  readonly staff: string;
  readonly name: string;
  readonly role: Role;
  readonly office: string;
  readonly label: string;
  readonly fingerprint: string;
  readonly approvals: readonly string[];
  readonly needed: number;
  readonly services: readonly string[];
}
const keyRequest = (id: string) => `/api/approver-keys/requests/${encodeURIComponent(id)}`;
export const approverKeys = () => call<{ keys: ApproverKey[]; requests: KeyRequest[] }>("GET", "/api/approver-keys");
export async function approveKey(id: string): Promise<void> {
  const { options } = await call<{ options: OptionsJson }>("POST", `${keyRequest(id)}/challenge`);
  await call("POST", `${keyRequest(id)}/approve`, { credential: await assertion(options) });
}

/** Asks that a key's right to approve end; another approver's signature, or one's own, carries it out. */
export async function removeKey(credential: string): Promise<void> {
  const asked = await call<{ id: string; options: OptionsJson }>("DELETE", `/api/approver-keys/${encodeURIComponent(credential)}`);
  await call("POST", `${keyRequest(asked.id)}/approve`, { credential: await assertion(asked.options) });
}
export const turnKeyDown = (id: string) => call<void>("DELETE", keyRequest(id));

export interface AuditEntry {
  readonly seq: number;
  readonly time: string;
  readonly actor: string;
  readonly action: string;
  readonly subject: string;
  readonly details: Readonly<Record<string, unknown>>;
}
export interface AuditVerdict {
  readonly whole: boolean;
  readonly entries: number;
  readonly first_wrong: number | null;
  readonly words: string;
}
export interface AuditFilter {
  readonly subject?: string;
  readonly actor?: string;
  readonly action?: string;
  readonly from?: string;
  readonly to?: string;
  readonly before?: number;
}
export const auditEntries = (filter: AuditFilter) =>
  call<{ entries: AuditEntry[]; next: number | null }>("GET", `/api/audit${query({ ...filter, limit: 100 })}`);
export const auditVerify = () => call<AuditVerdict>("GET", "/api/audit/verify");
export interface AuditProof {
  readonly seq: number;
  readonly size: number;
  readonly leaf: string;
  readonly root: string;
  readonly proof: readonly string[];
}
export const auditProof = (seq: number) => call<AuditProof>("GET", `/api/audit/proof/${seq}`);
export const auditCheckpoint = () => call<string>("GET", "/api/audit/checkpoint");
