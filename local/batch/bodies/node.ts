import { anything, moment, object, oneOf, optional, type Read, text, truth } from '../wire/shape';

const option = oneOf('requeue', 'terminate', 'taskcompletion', 'retaineddata');

/** POST …/nodes/{nodeId}/reboot; the body may be left out. */
export const reboot = object({ nodeRebootOption: optional(option) });
export type Reboot = Read<typeof reboot>;

/** POST …/nodes/{nodeId}/reimage; the body may be left out. */
export const reimage = object({ nodeReimageOption: optional(option) });
export type Reimage = Read<typeof reimage>;

/** POST …/nodes/{nodeId}/disablescheduling; the body may be left out. */
export const disableScheduling = object({
  nodeDisableSchedulingOption: optional(oneOf('requeue', 'terminate', 'taskcompletion')),
});
export type DisableScheduling = Read<typeof disableScheduling>;

/** POST …/nodes/{nodeId}/users */
export const newUser = object({
  name: text({ min: 1, max: 20 }),
  isAdmin: optional(truth),
  expiryTime: optional(moment),
  password: optional(text()),
  sshPublicKey: optional(text()),
});
export type NewUser = Read<typeof newUser>;

/** PUT …/nodes/{nodeId}/users/{userName} */
export const userUpdate = object({
  password: optional(text()),
  expiryTime: optional(moment),
  sshPublicKey: optional(text()),
});
export type UserUpdate = Read<typeof userUpdate>;

/** POST …/nodes/{nodeId}/uploadbatchservicelogs */
export const logUpload = object({
  containerUrl: text({ min: 1 }),
  startTime: moment,
  endTime: optional(moment),
  identityReference: optional(anything),
});
export type LogUpload = Read<typeof logUpload>;
