import { control } from './control';
import { entities } from './entities';
import { outside } from './outside';
import type { Scenarios } from './scenario';
import { traps } from './traps';
import { values } from './values';
import { whole } from './whole';

export const scenarios: Readonly<Record<string, Scenarios>> = {
  whole,
  traps,
  control,
  values,
  entities,
  outside,
};
