import {
  anyJson,
  timestamp,
  object,
  oneOf,
  optional,
  type TypeOf,
  text,
  boolean,
} from '../wire/shape';

const option = oneOf('requeue', 'terminate', 'taskcompletion', 'retaineddata');

/** POST …/nodes/{nodeId}/reboot; the body may be left out. */
export const reboot = object({ nodeRebootOption: optional(option) });
export type Reboot = TypeOf<typeof reboot>;

/** POST …/nodes/{nodeId}/reimage; the body may be left out. */
export const reimage = object({ nodeReimageOption: optional(option) });
export type Reimage = TypeOf<typeof reimage>;

/** POST …/nodes/{nodeId}/disablescheduling; the body may be left out. */
export const disableScheduling = object({
  nodeDisableSchedulingOption: optional(oneOf('requeue', 'terminate', 'taskcompletion')),
});
export type DisableScheduling = TypeOf<typeof disableScheduling>;

/** POST …/nodes/{nodeId}/users */
export const newUser = object({
  name: text({ min: 1, max: 20 }),
  isAdmin: optional(boolean),
  expiryTime: optional(timestamp),
  password: optional(text()),
  sshPublicKey: optional(text()),
});
export type NewUser = TypeOf<typeof newUser>;

/** PUT …/nodes/{nodeId}/users/{userName} */
export const userUpdate = object({
  password: optional(text()),
  expiryTime: optional(timestamp),
  sshPublicKey: optional(text()),
});
export type UserUpdate = TypeOf<typeof userUpdate>;

/** POST …/nodes/{nodeId}/uploadbatchservicelogs */
export const logUpload = object({
  containerUrl: text({ min: 1 }),
  startTime: timestamp,
  endTime: optional(timestamp),
  identityReference: optional(anyJson),
});
export type LogUpload = TypeOf<typeof logUpload>;
