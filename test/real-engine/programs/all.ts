import { registerEntities } from './entities';
import { registerOutside } from './outside';
import { registerSteps } from './steps';
import { registerTraps } from './traps';
import { recordTurns } from './turns';
import { registerValues } from './values';
import { registerWhole } from './whole';

/** Registers everything that the scenarios start. */
export function registerPrograms(): void {
  recordTurns();
  registerSteps();
  registerWhole();
  registerTraps();
  registerValues();
  registerEntities();
  registerOutside();
}
